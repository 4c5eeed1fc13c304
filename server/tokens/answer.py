"""From the tokens of an answer to its text, as they come.

Guarantees: whole characters only; no control token's text; nothing of what token healing took back; with
`single_line`, nothing from the first line end on, wherever in a token it stands. An answer that is no UTF-8 ends
before its first wrong byte.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Sequence

from core.wire import FinishReason


class AnswerText:
    """The text of one answer so far. `tokens` are the vocabulary's bytes; empty bytes end the answer."""

    def __init__(self, tokens: Sequence[bytes], healed: bytes = b"", single_line: bool = False) -> None:
        self.text = ""
        self.finish: FinishReason | None = None
        self.generated = 0
        self._tokens = tokens
        self._healing = len(healed)
        self._single_line = single_line
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._held = ""
        self._logprob_sum = 0.0

    @property
    def confidence(self) -> float:
        """Geometric mean of the tokens' probabilities; 0 before the first token."""
        return min(1.0, math.exp(self._logprob_sum / self.generated)) if self.generated else 0.0

    def add(self, ids: Sequence[int], logprobs: Sequence[float]) -> str:
        """Take more tokens; the text that they add. Nothing is added once `finish` is set."""
        added = ""
        for token, logprob in zip(ids, logprobs, strict=True):
            if self.finish is not None:
                break
            self.generated += 1
            self._logprob_sum += logprob
            data = self._tokens[token] if token < len(self._tokens) else b""
            if not data:
                self.finish = FinishReason.STOP
                break
            dropped = min(self._healing, len(data))
            self._healing -= dropped
            added += self._line(self._decoded(data[dropped:]))
        self.text += added
        return added

    def end(self, finish: FinishReason) -> str:
        """The engine is done: set `finish` unless the text ended before, and give what was held back."""
        if self.finish is None:
            self.finish = finish
            held, self._held = self._held, ""
            self.text += held
            return held
        return ""

    def _decoded(self, data: bytes) -> str:
        try:
            return self._decoder.decode(data)
        except UnicodeDecodeError as error:
            self.finish = FinishReason.STOP
            return error.object[: error.start].decode(errors="ignore")

    def _line(self, text: str) -> str:
        if not self._single_line:
            return text
        text, self._held = self._held + text, ""
        line, newline, _ = text.partition("\n")
        if newline:
            self.finish = FinishReason.LINE
            return line.removesuffix("\r")
        if line.endswith("\r"):  # half of a line end, perhaps
            self._held = "\r"
            return line[:-1]
        return line

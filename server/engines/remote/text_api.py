"""Any other endpoint: strings there and back, nothing but the fields of OpenAI's own completions API.

The prompt's special tokens are written by their names, so the endpoint must read those as special tokens. Code that
spells such a name is told apart before: it gets a space behind its first character, so that it stays text. The
model then sees one character more than the editor has; nothing else is lost, and no code can steer the prompt.

Guarantees: no name of a special token ever comes out of an answer, however the endpoint cuts it; the answer ends
there. Not given: token healing, the number of cached tokens. Where the endpoint tells no probabilities, each token
counts as certain; where it does, those of a piece of text are shared out among the tokens that it has here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from core.errors import RequestError
from server.engines.remote.api import Api, Ask, steps
from server.generation import Job, Output
from server.tokens.rendering import TokenRenderer

_MAX_STOPS = 4
"""OpenAI's API takes no more stop texts; the others are looked for here."""


class TextApi(Api):
    """`renderer` is the model's own tokenizer."""

    token_healing = False
    health_path = "/v1/models"

    def __init__(self, renderer: TokenRenderer) -> None:
        self._renderer = renderer
        self._names = {number: name for name, number in renderer.vocabulary.controls.items()}
        self._pattern = pattern_of(renderer.vocabulary.controls)

    async def outputs(self, job: Job, ask: Ask) -> AsyncGenerator[Output, None]:
        """Outputs of the job, in tokens of this side's tokenizer."""
        controls = self._renderer.vocabulary.controls
        scanner = Scanner(controls)
        body = self._body(job)
        async with contextlib.aclosing(ask(body)) as events, contextlib.aclosing(steps(events)) as found:
            async for step in found:
                text, end = scanner.add(step.text, whole=step.finish is not None)
                ids = self._renderer.encode(text) if text else []
                finish = step.finish
                if end is not None:
                    ids.append(controls[end])
                    finish = "stop"
                elif job.stop_at_line_end and "\n" in text:
                    finish = "stop"
                if not ids and finish is None:
                    continue
                share = sum(step.logprobs or ()) / max(len(ids), 1)
                yield Output(id=job.id, tokens=tuple(ids), logprobs=(min(share, 0.0),) * len(ids), finish=finish)
                if finish is not None:
                    return

    def prompt_text(self, ids: Sequence[int]) -> str:
        """The prompt as a string. Raises `RequestError` where its text is no UTF-8."""
        tokens = self._renderer.vocabulary.tokens
        parts: list[str] = []
        run = b""
        for number in ids:
            if number in self._names:
                parts += (self._plain(run), self._names[number])
                run = b""
            else:
                run += tokens[number]
        return "".join((*parts, self._plain(run)))

    def _plain(self, run: bytes) -> str:
        try:
            return neutral(run.decode(), self._pattern)
        except UnicodeDecodeError:
            raise RequestError("the prompt is cut within a character", code="refused_by_engine") from None

    def _body(self, job: Job) -> dict[str, Any]:
        body: dict[str, Any] = {
            "prompt": self.prompt_text(job.prompt),
            "max_tokens": job.max_new_tokens,
            "temperature": job.temperature,
            "top_p": job.top_p,
            "logprobs": 1,
        }
        if stops := [self._names[number] for number in job.stop if number in self._names][:_MAX_STOPS]:
            body["stop"] = stops
        if job.seed is not None:
            body["seed"] = job.seed
        return body


def neutral(text: str, names: re.Pattern[str]) -> str:
    """`text` without any of the names (see `pattern_of`): each gets a space behind its first character."""
    while (cut := names.sub(lambda name: f"{name[0][0]} {name[0][1:]}", text)) != text:
        text = cut
    return text


def pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds each of the names, the longest first; one of a single character cannot be told apart, and is left out."""
    kept = [re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 1]
    return re.compile("|".join(kept) or r"(?!)")


class Scanner:
    """Text as it comes, held back as long as it could be the beginning of one of `names`."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._held = ""

    def add(self, text: str, *, whole: bool) -> tuple[str, str | None]:
        """What may be shown now, and the name that ended it. `whole`: nothing comes after `text`."""
        text = self._held + text
        found = [(at, -len(name), name) for name in self._names if (at := text.find(name)) >= 0]
        if found:
            at, _, name = min(found)
            return text[:at], name
        keep = 0 if whole else self._beginning(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], None

    def _beginning(self, text: str) -> int:
        """Length of the longest end of `text` with which a name begins."""
        longest = max(map(len, self._names), default=0)
        for length in range(min(len(text), longest - 1), 0, -1):
            if any(name.startswith(text[-length:]) for name in self._names):
                return length
        return 0

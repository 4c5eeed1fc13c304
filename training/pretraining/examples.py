"""From documents to sequences: whole, or with a hole in the middle, laid out as the server asks.

A hole's prompt is made by `completion/prompt.py`, which the server uses too, so that the model is asked what it was
taught. A document that is longer than a row is cut at lines into parts first, and each part may get a hole of its own.
Texts never become special tokens.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from completion.prompt import build_prompt
from completion.segments import Special
from completion.templates import FimTemplate
from core.languages import TEXT
from core.wire import CompletionRequest
from server.tokens.rendering import TokenRenderer
from training.documents import Document
from training.fitting.sequences import IGNORED, TokenSequence
from training.infilling import Hole, block_hole, cut, line_hole, span_hole
from training.pretraining.settings import FimSettings

_AMPLE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class ExampleMaker:
    """Makes sequences of documents; see the module. `begin` and `end` are ids, `begin` may be none."""

    renderer: TokenRenderer
    template: FimTemplate | None
    fim: FimSettings
    row_tokens: int
    begin: int | None
    end: int

    def sequences(self, document: Document, rng: random.Random) -> Iterator[TokenSequence]:
        """The document's sequences, none longer than a row."""
        ids = self.renderer.encode(document.text)
        for part, text in enumerate(self._parts(document.text, len(ids))):
            hole = None
            if self.template is not None and document.language != TEXT.name and rng.random() < self.fim.rate:
                hole = self._hole(text, rng)
            sequence = self._with_hole(document, text, hole) if hole else None
            yield sequence or self._whole(text, ids if part == 0 and text == document.text else None)

    def beginning(self, text: str) -> TokenSequence:
        """The text's first tokens, at most a row of them, for measuring."""
        ids = self.renderer.encode(text[: self.row_tokens * 16])
        ids = [*([] if self.begin is None else [self.begin]), *ids][: self.row_tokens]
        return TokenSequence(ids, [IGNORED, *ids[1:]])

    def bytes_of(self, sequence: TokenSequence) -> int:
        """UTF-8 bytes that the labels stand for."""
        return sum(len(self.renderer.vocabulary.tokens[label]) for label in sequence.labels if label >= 0)

    def _parts(self, text: str, tokens: int) -> Iterator[str]:
        """The text, or parts of it that are about as long as a row, cut at lines where one ends near."""
        room = self.row_tokens - 16
        if tokens <= room:
            yield text
            return
        size, start = max(1, int(len(text) * room / tokens * 0.95)), 0
        while start < len(text):
            end = start + size
            if end < len(text) and (line := text.rfind("\n", start + size // 2, end)) >= 0:
                end = line + 1
            yield text[start:end]
            start = end

    def _whole(self, text: str, ids: list[int] | None = None) -> TokenSequence:
        ids = ids if ids is not None else self.renderer.encode(text)
        ids = [*([] if self.begin is None else [self.begin]), *ids, self.end][: self.row_tokens]
        return TokenSequence(ids, [IGNORED, *ids[1:]])

    def _hole(self, text: str, rng: random.Random) -> Hole | None:
        kind = rng.random()
        if kind < self.fim.line_rate:
            return line_hole(text, rng)
        if kind < self.fim.line_rate + self.fim.block_rate:
            return block_hole(text, rng)
        return span_hole(text, rng, longest=max(2, min(1000, len(text) // 2)))

    def _with_hole(self, document: Document, text: str, hole: Hole) -> TokenSequence | None:
        """Prompt, middle, and what ends a middle; `None` where that is longer than a row."""
        assert self.template is not None
        prefix, middle, suffix = cut(text, hole)
        request = CompletionRequest(
            request_id="training",
            session_id="training",
            language=document.language,
            path=document.path[:4096],
            repository=document.package[:256],
            prefix=prefix,
            suffix=suffix,
        )
        prompt = build_prompt(request, self.template, _AMPLE_BYTES)
        if len(prompt.prefix) != len(prefix) or len(prompt.suffix) != len(suffix):
            return None
        ids: list[int] = []
        for segment in prompt.segments:
            if isinstance(segment, Special):
                ids.append(self.renderer.control_id(segment.token))
            else:
                ids += self.renderer.encode(segment.text)
        ids += [*self.renderer.encode(middle), self.renderer.control_ids(self.template.stop)[0]]
        return TokenSequence(ids, [IGNORED, *ids[1:]]) if len(ids) <= self.row_tokens else None

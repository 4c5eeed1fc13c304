"""From documents to rows of token ids: the examples that the model sees.

Row number i is a pure function of (documents, tokenizer, recipe, i): nothing has to be remembered to resume, and every
order of asking gives the same rows. The prompt of an example with a hole is laid out by `completion/prompt.py`, the
function that the server uses.

Guarantees: an example is never cut by the end of a row; positions restart at each example, so that attention does not
cross (transformers builds a block mask from restarting positions); no loss is taken on an example's first token, which
would be predicted from its neighbour, nor on padding.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from tokenizers import Tokenizer

from completion.prompt import Prompt, build_prompt
from completion.segments import Text
from completion.templates import TEMPLATES
from core.wire import CompletionRequest, ContextPiece
from training.documents import Document
from training.from_nothing.context import related_pieces
from training.from_nothing.recipe import ExamplesPart
from training.from_nothing.tokenizer import END, encode_segments, encode_text, special_id
from training.infilling import block_hole, cut, line_hole, span_hole

IGNORED = -100
MIN_EXAMPLE_TOKENS = 48
_BYTES_PER_TOKEN = 3.4


@dataclass(frozen=True, slots=True)
class Row:
    """One row. All three lists have the row's length."""

    input_ids: list[int]
    position_ids: list[int]
    labels: list[int]


class ExampleMaker:
    """Makes rows; see the module."""

    def __init__(
        self, documents: dict[str, list[Document]], tokenizer: Tokenizer, part: ExamplesPart, seed: int
    ) -> None:
        self._part = part
        self._seed = seed
        self._tokenizer = tokenizer
        self._languages = sorted(language for language, share in part.mix.items() if share > 0)
        if missing := [language for language in self._languages if not documents.get(language)]:
            raise ValueError(f"the mix names languages without documents: {', '.join(missing)}")
        self._shares = [part.mix[language] for language in self._languages]
        self._documents = documents
        self._sizes = {k: list(accumulate(len(d.text) for d in documents[k])) for k in self._languages}
        self._packages: dict[tuple[str, str], list[Document]] = {}
        for language in self._languages:
            for document in documents[language]:
                self._packages.setdefault((language, document.package), []).append(document)
        self._end = special_id(tokenizer, END)
        self._pad = special_id(tokenizer, "<|fim_pad|>")

    def row(self, number: int, length: int) -> Row:
        """Row `number` with exactly `length` tokens."""
        rng = random.Random(f"{self._seed}:{length}:{number}")  # noqa: S311 - not for secrets
        row = Row([], [], [])
        while (room := length - len(row.input_ids)) >= MIN_EXAMPLE_TOKENS:
            if rng.random() < self._part.short_rate:
                room = rng.randrange(MIN_EXAMPLE_TOKENS, room + 1)
            ids = self.example(rng, room)
            if not ids:
                break
            row.input_ids.extend(ids)
            row.position_ids.extend(range(len(ids)))
            row.labels.extend([IGNORED, *ids[1:]])
        padding = length - len(row.input_ids)
        row.input_ids.extend([self._pad] * padding)
        row.position_ids.extend(range(padding))
        row.labels.extend([IGNORED] * padding)
        return row

    def example(self, rng: random.Random, room: int) -> list[int]:
        """Token ids of one example, at most `room`; empty where eight documents in a row did not fit."""
        for _ in range(8):
            document, at = self._pick(rng)
            make = self._with_hole if rng.random() < self._part.fim_rate else self._left_to_right
            ids = make(document, at, rng, room)
            if ids:
                return ids
        return []

    def _pick(self, rng: random.Random) -> tuple[Document, int]:
        language = rng.choices(self._languages, self._shares)[0]
        sizes = self._sizes[language]
        at = rng.randrange(sizes[-1])
        number = bisect_right(sizes, at)
        document = self._documents[language][number]
        return document, at - (sizes[number] - len(document.text))

    def _pieces(self, document: Document, at: int, rng: random.Random, room: int) -> tuple[ContextPiece, ...]:
        if rng.random() >= self._part.context_rate or room < 3 * MIN_EXAMPLE_TOKENS:
            return ()
        others = self._packages[document.language, document.package]
        return related_pieces(document, at, others, rng, int(room * _BYTES_PER_TOKEN * 0.33))

    def _left_to_right(self, document: Document, at: int, rng: random.Random, room: int) -> list[int]:
        text = document.text[document.text.rfind("\n", 0, at) + 1 :][: room * 8]
        ids = encode_text(self._tokenizer, text)
        if len(ids) < room and len(text) == len(document.text) - (document.text.rfind("\n", 0, at) + 1):
            return [*ids, self._end]
        ids = ids[:room]
        return ids if len(ids) >= MIN_EXAMPLE_TOKENS // 2 else []

    def _with_hole(self, document: Document, at: int, rng: random.Random, room: int) -> list[int]:
        text, kind = document.text, rng.random()
        near = min(len(text), at + 2000)
        if kind < self._part.line_rate:
            hole = line_hole(text, rng, at, near)
        elif kind < self._part.line_rate + self._part.block_rate:
            hole = block_hole(text, rng, at, near)
        else:
            hole = span_hole(text, rng, at, near, longest=max(2, min(400, room)))
        if hole is None:
            return []
        prefix, middle, suffix = cut(text, hole)
        spm = rng.random() < self._part.spm_rate
        joint = spm and rng.random() < self._part.joint_rate
        pieces = self._pieces(document, hole.start, rng, room)
        middle_ids = encode_text(self._tokenizer, middle)
        budget = int((room - len(middle_ids) - 6) * _BYTES_PER_TOKEN)
        for _ in range(6):
            if budget < 60:
                return []
            prompt = _prompt(document, prefix[-budget * 2 :], suffix[: budget * 2], pieces, budget, spm)
            ids = [*self._encoded(prompt, middle, middle_ids, joint), self._end]
            if len(ids) <= room:
                return ids
            budget = int(budget * min(0.92, room / len(ids)))
        return []

    def _encoded(self, prompt: Prompt, middle: str, middle_ids: list[int], joint: bool) -> list[int]:
        segments = list(prompt.segments)
        last = segments[-1]
        if joint and isinstance(last, Text):
            return encode_segments(self._tokenizer, [*segments[:-1], Text(last.text + middle)])
        return encode_segments(self._tokenizer, segments) + middle_ids


def _prompt(
    document: Document, prefix: str, suffix: str, pieces: tuple[ContextPiece, ...], budget_bytes: int, spm: bool
) -> Prompt:
    request = CompletionRequest(
        request_id="training",
        session_id="training",
        language=document.language,
        path=document.path,
        repository=document.package[:256],
        prefix=prefix,
        suffix=suffix,
        context=pieces,
    )
    return build_prompt(request, TEMPLATES["embedded-spm" if spm else "embedded-psm"], budget_bytes)

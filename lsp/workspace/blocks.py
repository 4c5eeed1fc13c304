"""Code like that at the cursor: blocks of ten lines that hold the same rare words.

A block is worth the inverse document frequencies of the words that it shares with the lines above the cursor, as in
BM25 with blocks of equal length; words of nearer lines count more. What is shown is the best block and the one after
it: how it went on there.

`Pool` never changes; a search costs a millisecond in a few thousand blocks, because words that stand in many of them
are not looked up.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from completion.declarations.words import words

BLOCK_LINES = 10
QUERY_WORDS = 24
MIN_SHARE = 0.12
"""Of the words' worth that a block must have in common with the query."""

_COMMON_SHARE = 1 / 8
_MOST_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class FileBlocks:
    """A file's text in blocks: where each begins, and for each word a number whose bits are the blocks with it."""

    path: str
    language: str
    text: str
    starts: tuple[int, ...]
    words: dict[str, int]


@dataclass(frozen=True, slots=True)
class Hit:
    """A block that is like the query; `share` is of the query's worth, from 0 to 1."""

    path: str
    block: int
    share: float
    text: str

    @property
    def key(self) -> tuple[str, int]:
        """What stays the same while the file does."""
        return self.path, self.block


class Pool:
    """The files that are searched."""

    def __init__(self, files: Iterable[FileBlocks] = ()) -> None:
        self.files = {file.path: file for file in files}
        self._frequency: dict[str, Counter[str]] = defaultdict(Counter)
        self._blocks: Counter[str] = Counter()
        for file in self.files.values():
            self._blocks[file.language] += len(file.starts)
            frequency = self._frequency[file.language]
            for word, blocks in file.words.items():
                frequency[word] += blocks.bit_count()

    def search(self, language: str, query: Mapping[str, float], own: str, visible: range, limit: int = 8) -> list[Hit]:
        """The blocks most like `query`, words with their nearness; the best first.

        Of the file `own` none that holds a line of `visible`; of a file no two blocks that touch.
        """
        weights = self._weights(language, query)
        total = sum(weights.values())
        scores: dict[tuple[str, int], float] = defaultdict(float)
        matched: Counter[tuple[str, int]] = Counter()
        for file in self.files.values():
            if file.language != language:
                continue
            for word, weight in weights.items():
                blocks = file.words.get(word, 0)
                while blocks:
                    lowest = blocks & -blocks
                    key = file.path, lowest.bit_length() - 1
                    scores[key] += weight
                    matched[key] += 1
                    blocks ^= lowest
        best = sorted(
            (key for key in scores if matched[key] > 1 and scores[key] >= MIN_SHARE * total),
            key=lambda key: (-scores[key], key),
        )
        taken: set[tuple[str, int]] = set()
        hits: list[Hit] = []
        for path, block in best:
            lines = range(block * BLOCK_LINES, (block + 2) * BLOCK_LINES)
            hidden = path == own and lines.start < visible.stop and visible.start < lines.stop
            if hidden or not taken.isdisjoint({(path, block - 1), (path, block), (path, block + 1)}):
                continue
            taken.add((path, block))
            hits.append(Hit(path, block, scores[path, block] / total, self.text(path, block)))
            if len(hits) == limit:
                break
        return hits

    def text(self, path: str, block: int) -> str:
        """A block and the one after it."""
        file = self.files[path]
        start = file.starts[block]
        return file.text[start : file.starts[block + 2] if block + 2 < len(file.starts) else None].rstrip()

    def _weights(self, language: str, query: Mapping[str, float]) -> dict[str, float]:
        """The worthiest of the query's words that stand somewhere, and not everywhere, with their worth."""
        frequency, count = self._frequency.get(language, Counter[str]()), self._blocks[language]
        common = max(count * _COMMON_SHARE, 3)
        known = {word: frequency[word] for word in query if word in frequency}
        rare = [(often, word) for word, often in known.items() if often <= common]
        worth = {word: query[word] * math.log(1 + count / often) for often, word in rare}
        return dict(sorted(worth.items(), key=lambda item: (-item[1], item[0]))[:QUERY_WORDS])


def blocks_of(path: str, language: str, text: str) -> FileBlocks:
    """A file's text in blocks. Lines end with `\\n`."""
    starts: list[int] = []
    found: dict[str, int] = {}
    start, number = 0, 0
    while start < len(text):
        end = start
        for _ in range(BLOCK_LINES):
            end = text.find("\n", end) + 1
            if end == 0:
                end = len(text)
                break
        starts.append(start)
        for word in set(words(text[start:end])):
            if word in found or len(found) < _MOST_WORDS:
                found[word] = found.get(word, 0) | 1 << number
        start, number = end, number + 1
    return FileBlocks(path, language, text, tuple(starts), found)


def different(texts: Sequence[str], text: str, most: float = 0.9) -> bool:
    """Whether `text` has not nearly the same words as one of `texts`."""
    own = set(words(text))
    for other in texts:
        theirs = set(words(other))
        if len(own & theirs) > most * max(len(own | theirs), 1):
            return False
    return True

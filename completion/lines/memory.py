"""The workspace's files, by language, in as much memory as is allowed: the oldest are dropped, a shard at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from completion.lines.log import LexemeLog
from completion.lines.vocabulary import NONE, Vocabulary, encoded

SHARD_LEXEMES = 131_072
MOST_CHARACTERS = 200_000
"""Of each file; what stands further below is not learned."""
_SLICE_LINES = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Shard:
    language: str
    log: LexemeLog


class Memory:
    """At most `most_lexemes` lexemes of all languages together, eight bytes each."""

    def __init__(self, most_lexemes: int) -> None:
        self._most_lexemes = most_lexemes
        self._shards: list[_Shard] = []
        self._files: dict[str, tuple[_Shard, int, int]] = {}

    def __len__(self) -> int:
        return sum(len(shard.log) for shard in self._shards)

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def logs(self, language: str) -> list[LexemeLog]:
        """Logs of a language's files, the newest first."""
        return [shard.log for shard in reversed(self._shards) if shard.language == language]

    def learning(self, name: str, text: str, language: str, vocabulary: Vocabulary, room: int) -> Iterator[None]:
        """Learn a file in place of what was known under its name; gives way after every few dozen lines.

        Nothing is learned before the iterator's end. The last step takes 30 ms for the longest file. New words are
        taken while the language's vocabulary has fewer than `room`.
        """
        found = array("I")
        lines = text[:MOST_CHARACTERS].splitlines()
        for number, run in enumerate(encoded(lines, vocabulary, room=room), 1):
            found.extend(run)
            if number % _SLICE_LINES == 0:
                yield
        self.forget(name)
        shard = self._shard(language, len(found) + 1)
        shard.log.append([NONE])
        start = shard.log.append(found)
        self._files[name] = (shard, start, start + len(found))

    def forget(self, name: str) -> None:
        """Forget a file; an unknown name is no matter."""
        if found := self._files.pop(name, None):
            shard, start, end = found
            shard.log.erase(start, end)

    def _shard(self, language: str, size: int) -> _Shard:
        """Where the next file of a language goes, once there is room for it."""
        while self._shards and len(self) + size > self._most_lexemes:
            self._drop()
        newest = next((shard for shard in reversed(self._shards) if shard.language == language), None)
        if newest is None or len(newest.log) + size > SHARD_LEXEMES:
            newest = _Shard(language, LexemeLog(SHARD_LEXEMES))
            self._shards.append(newest)
        return newest

    def _drop(self) -> None:
        """Drop the shard with the most that was forgotten already, where that is half of it; else the oldest."""
        worst = max(self._shards, key=lambda shard: shard.log.erased / len(shard.log))
        dropped = worst if 2 * worst.log.erased > len(worst.log) else self._shards[0]
        self._shards.remove(dropped)
        self._files = {name: found for name, found in self._files.items() if found[0] is not dropped}

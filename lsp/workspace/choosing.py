"""Which declarations of other files to show for a place, in an order that holds while one types.

A declaration is worth more the nearer its name stands to the cursor, the fewer files declare it, and if its file is
brought in or stands in the same folder. What was shown before stays, in its order; what is new comes after it; only
when something needed has no room is everything chosen afresh, with room left for what comes next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from completion.declarations.words import spellings
from lsp.workspace.table import COMMON, Table

MOST_HOLDERS = 3
MOST_FILES = 24
MOST_OF_IMPORTED = 30
NEEDED = 0.5
"""What is worth less is shown where there is room, and is no reason to choose afresh."""
AFRESH_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Chosen:
    """A declaration of a file; `number` and `line` tell it from every other."""

    number: int
    path: str
    line: int
    text: str
    worth: float

    @property
    def key(self) -> tuple[int, int]:
        """What stays the same while the file does."""
        return self.number, self.line

    @property
    def size(self) -> int:
        """UTF-8 bytes that it takes, its path not counted."""
        return len(self.text.encode(errors="replace")) + 1


def candidates(
    table: Table, language: str, own: str, near: Iterable[tuple[str, float]], imports: Sequence[int]
) -> list[Chosen]:
    """Declarations for the words at a place, the worthiest first; `near` has each word with its nearness, 0 to 1."""
    wanted: dict[int, dict[str, float]] = {}
    mine = table.number(own)
    brought_in = set(imports)
    folder = PurePosixPath(own).parent
    for word, nearness in near:
        for name in spellings(word):
            numbers = table.declaring(language, name)
            if not numbers or len(numbers) >= COMMON or mine in numbers:
                continue
            closest = sorted(numbers, key=lambda n: (n not in brought_in, _distance(table.path(n), folder), n))
            for number in closest[:MOST_HOLDERS]:
                worth = nearness / len(numbers) ** 0.5
                worth *= 2.0 if number in brought_in else 1.0
                worth *= 1.3 if PurePosixPath(table.path(number)).parent == folder else 1.0
                names = wanted.setdefault(number, {})
                names[name] = max(names.get(name, 0.0), worth)
            break
    found: dict[tuple[int, int], Chosen] = {}
    best = sorted(wanted, key=lambda n: (-max(wanted[n].values()), n))[:MOST_FILES]
    for number in best:
        path = table.path(number)
        for declared in table.declarations_of(number, wanted[number]):
            chosen = Chosen(number, path, declared.line, declared.text, wanted[number][declared.name])
            found.setdefault(chosen.key, chosen)
    for number in imports:
        path = table.path(number)
        for order, declared in enumerate(table.declarations_of(number)):
            if order == MOST_OF_IMPORTED:
                break
            chosen = Chosen(number, path, declared.line, declared.text, 0.2 - order / 1000)
            found.setdefault(chosen.key, chosen)
    return sorted(found.values(), key=lambda chosen: (-chosen.worth, chosen.key))


def arranged(table: Table, before: Sequence[Chosen], found: Sequence[Chosen], budget_bytes: int) -> list[Chosen]:
    """What to show, in its order: what was shown `before`, as long as its file is as it was, then what is new."""
    kept = [chosen for chosen in before if table.path(chosen.number) == chosen.path]
    known = {chosen.key for chosen in kept}
    new = [chosen for chosen in found if chosen.key not in known]
    appended = _fitting(kept, new, budget_bytes)
    shown = {chosen.key for chosen in appended}
    if kept and any(chosen.worth >= NEEDED and chosen.key not in shown for chosen in found):
        afresh = _fitting([], found, int(budget_bytes * AFRESH_SHARE))
        return _by_file(afresh)
    return appended if kept else _by_file(appended)


def _fitting(kept: Sequence[Chosen], new: Sequence[Chosen], budget_bytes: int) -> list[Chosen]:
    """`kept`, and of `new` what fits beside it; a file's path is counted once."""
    taken: list[Chosen] = []
    paths: set[str] = set()
    left = budget_bytes
    for chosen in (*kept, *new):
        size = chosen.size + (0 if chosen.path in paths else len(chosen.path.encode(errors="replace")) + 2)
        if size <= left:
            left -= size
            paths.add(chosen.path)
            taken.append(chosen)
    return taken


def _by_file(chosen: Sequence[Chosen]) -> list[Chosen]:
    """The least worthy file first, so that the worthiest stands nearest to the cursor; a file's lines in its order."""
    worth: dict[str, float] = {}
    for one in chosen:
        worth[one.path] = max(worth.get(one.path, 0.0), one.worth)
    return sorted(chosen, key=lambda one: (worth[one.path], one.path, one.line))


def _distance(path: str, folder: PurePosixPath) -> int:
    theirs = PurePosixPath(path).parent.parts
    same = sum(1 for a, b in zip(theirs, folder.parts, strict=False) if a == b)
    return len(theirs) + len(folder.parts) - 2 * same

"""Which files of the workspace a document brings in, in a language that may be unknown.

Languages agree on a few words (`import`, `use`, `require`, `include`, ...) and on naming a file by its path or by its
name without an ending. So names and quoted paths on such lines are looked for among the workspace's files, and of
several with one name those are taken whose folders fit best. A wrong guess costs a little budget, a miss nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from lsp.workspace.table import Table, stem_of

LOOKED_AT = 200
"""Lines of a document's beginning where it may bring something in."""

MOST_FILES = 12
_SAME_NAME = 8

_IMPORTING = re.compile(
    r"^\s*#?\s*(?:import|from|use|uses|using|require|include|open|load|source|needs?|extern|with)\b|\brequire\b"
)
_QUOTED = re.compile(r"[\"'<]([^\"'<>]{1,200})[\"'>]")
_DOTTED = re.compile(r"[^\W\d]\w*(?:[./:\\-]+[^\W\d]\w*)*")


def imported(table: Table, language: str, own: str, lines: Sequence[str]) -> list[int]:
    """The numbers of the files that the document at path `own` brings in, in its order, each once."""
    numbers: dict[int, None] = {}
    for line in lines[:LOOKED_AT]:
        if len(line) > 400 or not _IMPORTING.search(line):
            continue
        for folders, stem in _named(line):
            found = [n for n in table.with_stem(language, stem) if table.path(n) != own]
            if found:
                numbers.update(dict.fromkeys(_fitting(table, found, folders, own)))
    return list(numbers)[:MOST_FILES]


def _named(line: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Folders and stem of what may be a file's name on a line."""
    rest = line
    for quoted in _QUOTED.findall(line):
        rest = rest.replace(quoted, "")
        path = quoted if "/" in quoted or "\\" in quoted else quoted.replace(".", "/") if "." in quoted else quoted
        parts = [part for part in re.split(r"[/\\]", path) if part not in ("", ".", "..")]
        if parts:
            yield tuple(parts[:-1]), stem_of(parts[-1])
        if "." in quoted and "/" not in quoted:
            yield (), stem_of(quoted)
    before: tuple[str, ...] = ()
    for dotted in _DOTTED.findall(rest):
        parts = re.split(r"[./:\\]+", dotted)
        yield (*before, *parts[:-1]), parts[-1].lower()
        before = tuple(parts) if len(parts) > 1 or not before else before


def _fitting(table: Table, numbers: Sequence[int], folders: tuple[str, ...], own: str) -> list[int]:
    """Those whose folders share most with what was written, then with the document's own; none of too many alike."""

    def fit(number: int) -> tuple[int, int]:
        theirs = PurePosixPath(table.path(number)).parent.parts
        written = 0
        for wanted, there in zip(reversed(folders), reversed(theirs), strict=False):
            if wanted.lower() != there.lower():
                break
            written += 1
        near = sum(1 for a, b in zip(theirs, PurePosixPath(own).parent.parts, strict=False) if a == b)
        return written, near

    if len(numbers) > _SAME_NAME and not folders:
        return []
    best = max(map(fit, numbers))
    return [number for number in numbers if fit(number) == best][:2]

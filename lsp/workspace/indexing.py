"""What goes on in the thread beside the event loop: walking, reading, finding declarations, gathering similar files.

Work is done one file at a time. Between files the thread sleeps as long as it worked, so that the event loop finds the
interpreter free; what concerns open documents goes before the walk. Declarations are found by keywords first, which is
fast, and once the walk is over again by the grammar, where there is one that is installed.

The generators are work in small steps, for whoever drives them (`worker.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import PurePosixPath

from completion.declarations import declarations
from completion.parsing import Parsing, SyntaxTree, is_installed
from core.language_files import LanguageRegistry
from core.languages import TEXT, LanguageSpec, kind_of
from core.sequences import common_length
from lsp.documents import Document
from lsp.workspace.blocks import FileBlocks, Pool, blocks_of
from lsp.workspace.folders import Folders
from lsp.workspace.imports import imported
from lsp.workspace.limits import Limits
from lsp.workspace.reading import is_written_by_people, text_of
from lsp.workspace.table import Table

PARSE_LIMIT_S = 1.0
_OPEN_DOCUMENTS = 16


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document, and where it stands in the workspace."""

    path: str
    language: str
    spec: LanguageSpec
    document: Document


class Index:
    """The table and the pool, and the work that fills them, which belongs to one thread.

    Others may ask `table`, and look at `pool`, which is replaced whole.
    """

    def __init__(self, folders: Folders, registry: LanguageRegistry, limits: Limits, parsing: Parsing) -> None:
        self.table = Table(limits)
        self.pool = Pool()
        self.left_out = 0
        self._folders = folders
        self._registry = registry
        self._limits = limits
        self._parsing = parsing
        self._can_parse = is_installed("tree_sitter")
        self._blocks: dict[str, FileBlocks] = {}
        self._endings: frozenset[str] = frozenset()
        self._unparsed: list[tuple[str, str]] = []

    def language_of(self, path: str, spec: LanguageSpec | None = None) -> tuple[LanguageSpec, str]:
        """What describes a file, and the name under which its kind is kept apart: of unknown languages the ending."""
        spec = spec or self._registry.for_path(path)
        return spec, kind_of(spec.name, path)

    def wants(self, ending: str) -> bool:
        """Files of this ending in a language that nobody described are indexed too, from the next walk on.

        False: they were before.
        """
        if not ending or ending in self._endings:
            return False
        self._endings |= {ending}
        return True

    def walk(self, is_open: Callable[[str], bool]) -> Iterator[None]:
        """Index every file but those that are open, and forget those that are gone; one at a time."""
        seen: set[str] = set()
        self.left_out = 0
        self._unparsed = []
        for entries, path in enumerate(self._folders.walk(), 1):
            if entries > self._limits.entries:
                self.left_out += 1
                break
            shown = self._folders.shown(path) if path else ""
            if path and shown and self._is_code(shown) and not is_open(shown):
                seen.add(shown)
                if self.read(path, shown) and self._has_grammar(shown):
                    self._unparsed.append((path, shown))
                yield
            elif entries % 64 == 0:
                yield
        gone = self.table.all_paths() - seen
        for shown in gone:
            if not is_open(shown):
                self.remove(shown)
            yield

    def parse(self, is_open: Callable[[str], bool]) -> Iterator[None]:
        """Index the files of the walk again whose language has a grammar that is installed; one at a time."""
        while self._unparsed:
            path, shown = self._unparsed.pop()
            if not is_open(shown):
                self.read(path, shown, grammar=True)
            yield

    def read(self, path: str, shown: str, *, grammar: bool = False) -> bool:
        """Index one file of the disk; what cannot be read, or is gone, is forgotten."""
        self._blocks.pop(shown, None)
        text = text_of(path, self._limits) if self._is_code(shown) else None
        if text is None:
            self.remove(shown)
            return False
        spec, language = self.language_of(shown)
        return self._declare(shown, spec, language, text, grammar)

    def remove(self, shown: str) -> None:
        """Forget one file."""
        self._blocks.pop(shown, None)
        self.table.remove(shown)

    def take(self, opened: OpenDocument) -> None:
        """Index an open document: its text is what counts, not the disk's."""
        text = self._text(opened.document)
        self._blocks.pop(opened.path, None)
        if text is None:
            self.remove(opened.path)
            return
        self._declare(opened.path, opened.spec, opened.language, text, grammar=True)
        self._blocks[opened.path] = blocks_of(opened.path, opened.language, text)

    def gather(self, focus: OpenDocument, opened: Sequence[OpenDocument]) -> Iterator[None]:
        """Fill the pool with open documents, the latest first, and the files that `focus` imports or stands beside."""
        found: dict[str, FileBlocks] = {}
        left = self._limits.pool_bytes
        for other in opened[:_OPEN_DOCUMENTS]:
            blocks = self._blocks.get(other.path)
            if blocks and len(blocks.text) <= left:
                left -= len(blocks.text)
                found[other.path] = blocks
        left = self._limits.pool_bytes
        for shown in self._neighbours(focus):
            if shown in found:
                continue
            blocks = self._blocks.get(shown) or self._read_blocks(shown, focus.language)
            if blocks and len(blocks.text) <= left:
                left -= len(blocks.text)
                found[shown] = blocks
            yield
        self._blocks = dict(found)
        self.pool = Pool(found.values())

    def _neighbours(self, focus: OpenDocument) -> list[str]:
        limit = self._limits.pool_files
        numbers = imported(self.table, focus.language, focus.path, focus.document.lines)
        first = [self.table.path(number) for number in numbers]
        paths = self.table.paths(focus.language)
        near = nsmallest(limit, (path for path in paths if path != focus.path), key=_distance_from(focus.path))
        return list(dict.fromkeys([*first, *near]))[:limit]

    def _read_blocks(self, shown: str, language: str) -> FileBlocks | None:
        path = self._folders.path(shown)
        text = text_of(path, self._limits) if path else None
        return blocks_of(shown, language, text) if text is not None else None

    def _declare(self, shown: str, spec: LanguageSpec, language: str, text: str, grammar: bool) -> bool:
        tree = self._parsing.parse(spec, text, PARSE_LIMIT_S) if grammar and self._has_grammar(shown, spec) else None
        found = declarations(spec, text, tree if isinstance(tree, SyntaxTree) else None)
        if self.table.put(shown, language, found):
            return True
        self.left_out += 1
        return False

    def _has_grammar(self, shown: str, spec: LanguageSpec | None = None) -> bool:
        spec = spec or self.language_of(shown)[0]
        return spec.grammar is not None and self._can_parse

    def _is_code(self, shown: str) -> bool:
        spec = self._registry.for_path(shown)
        return spec.name != TEXT.name or PurePosixPath(shown).suffix.lower() in self._endings

    def _text(self, document: Document) -> str | None:
        if sum(map(len, document.lines)) > self._limits.file_bytes:
            return None
        text = document.text.encode(errors="replace").decode().replace("\r\n", "\n").replace("\r", "\n")
        return text if is_written_by_people(text, self._limits) else None


def _distance_from(own: str) -> Callable[[str], tuple[int, int, str]]:
    """How far a file is: by folders first, then by what its name has in common with the document's."""
    folder, name = PurePosixPath(own).parent.parts, PurePosixPath(own).name

    def distance(path: str) -> tuple[int, int, str]:
        *theirs, other = path.split("/")
        same = common_length(theirs, folder)
        return len(theirs) + len(folder) - 2 * same, -common_length(other, name), path

    return distance

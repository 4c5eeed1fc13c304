"""The documents and files around the cursor: context for the model, and lines that are proposed without it.

Keeps the two indexes of the work space up to date: `lsp/workspace/`, which has a thread of its own, and `lsp/lines.py`,
which belongs to the event loop and learns in small steps while nothing else is to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from completion.choosing import Choice, Option, SyntaxCheck, choose
from completion.lexemes import Proposal
from completion.parsing import Parsing
from core.language_files import LanguageRegistry
from core.languages import kind_of
from core.wire import ContextPiece
from lsp.context import Budget, Origin
from lsp.cursor import Cursor
from lsp.documents import Document, Documents, Place
from lsp.lines import Lines
from lsp.uris import name_of, path_of
from lsp.workspace.blocks import FileBlocks
from lsp.workspace.pieces import Diagnostic
from lsp.workspace.workspace import Workspace

LOOK_AGAIN_S = 1.0
"""So often is asked whether the files around the cursor are others now."""
STEP_S, REST_S = 0.002, 0.006
"""Learning holds up the event loop for so long at a time, and then leaves it alone: a key takes several turns."""
PROPOSED_LINES = 4
PARSE_LIMIT_S = 0.5
"""For all the texts that somebody who asked by hand can choose from."""

logger = logging.getLogger(__name__)


class Nearby:
    """See the module's text. Belongs to the event loop's thread; `start` needs a running loop."""

    def __init__(
        self,
        folders: Sequence[Path],
        registry: LanguageRegistry,
        ignore: Sequence[str] = (),
        report: Callable[[str], None] | None = None,
    ) -> None:
        self._registry = registry
        self._report = report
        self._parsing = Parsing()
        self._workspace = Workspace(folders, registry, ignore, parsing=self._parsing)
        self._lines = Lines()
        self._diagnostics: dict[str, tuple[Diagnostic, ...]] = {}
        self._learnt: dict[str, int] = {}
        self._learnt_from: dict[str, FileBlocks] | None = None
        self._learning: asyncio.Task[None] | None = None
        self._unread: dict[str, Document] = {}

    def start(self, documents: Documents) -> None:
        """Begin to index, and listen to the documents."""
        self._workspace.start()
        documents.watch(self)
        self._learning = asyncio.create_task(self._learn_for_ever())

    async def close(self) -> None:
        """End threads and tasks."""
        if self._learning:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)
        await asyncio.to_thread(self._workspace.close)

    def opened(self, document: Document) -> None:
        """The editor opened a document."""
        self._workspace.opened(document)
        self._follow(document)

    def edited(self, document: Document) -> None:
        """A document has another version."""
        self._workspace.edited(document)
        self._unread[document.uri] = document  # where somebody types, `line` reads it; elsewhere it has time

    def closed(self, uri: str) -> None:
        """The editor closed a document."""
        self._workspace.closed(uri)
        self._lines.forget(uri)
        self._unread.pop(uri, None)
        self._learnt_from, self._learnt = None, {}  # its file may be learned again
        self._diagnostics.pop(uri, None)

    def changed(self, uri: str) -> None:
        """A file or folder of the disk was made, changed or removed."""
        if path := path_of(uri):
            self._workspace.changed(path)

    def diagnosed(self, uri: str, diagnostics: Sequence[Diagnostic]) -> None:
        """What the editor's other tools say of a document."""
        self._diagnostics[uri] = tuple(diagnostics)

    def is_secret(self, document: Document) -> bool:
        """Whether the document's name says that it holds secrets."""
        return self._workspace.is_secret(document.uri)

    def pieces(self, document: Document, place: Place, origin: Origin, budget: Budget) -> tuple[ContextPiece, ...]:
        """Context from other files, the least volatile first."""
        return self._workspace.pieces(document, place, origin, budget, self._diagnostics.get(document.uri, ()))

    def line(self, document: Document, place: Place, language: str) -> Proposal:
        """How lines like this one went on."""
        self._unread.pop(document.uri, None)
        return self._lines.propose(document, place, kind_of(language, name_of(document.uri)), most_lines=PROPOSED_LINES)

    @property
    def indexed(self) -> str:
        """What of the work space is indexed by now, in one line for people."""
        return str(self._workspace.status)

    async def settled(self, limit_s: float) -> str:
        """Wait until the work space is indexed, for at most so long; what is by then, in one line for people."""
        await asyncio.to_thread(self._workspace.wait, limit_s)
        await self._learn_neighbours(0)
        return self.indexed

    async def chosen(self, options: Sequence[Option], cursor: Cursor) -> list[Choice]:
        """The best first of what was asked for by hand; a grammar is asked which of them leave syntax errors."""
        before, after = cursor.document.before(cursor.place), cursor.document.after(cursor.place)
        check = SyntaxCheck(self._parsing, cursor.spec, PARSE_LIMIT_S) if cursor.spec and cursor.spec.grammar else None
        return await asyncio.to_thread(choose, options, before, after, count_errors=check, automatic=False)

    def _follow(self, document: Document) -> None:
        if not self.is_secret(document):
            spec = self._registry.for_document(document.language_id, name_of(document.uri))
            self._lines.follow(document, kind_of(spec.name, name_of(document.uri)))

    async def _learn_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            try:
                while self._unread:
                    self._follow(self._unread.popitem()[1])
                more = True
                while more:
                    more = self._lines.catch_up(STEP_S)
                    await asyncio.sleep(REST_S)
                await self._learn_neighbours(REST_S)
                self._say_what_is_indexed()
            except Exception:  # a mistake of this program, which must not end what is learned later
                logger.exception("the files around the cursor could not be learned")

    def _say_what_is_indexed(self) -> None:
        """Once, so that nobody has to guess why nothing is found."""
        status = self._workspace.status
        if self._report and status.finished:
            self._report(f"work space: {status}")
            self._report = None

    async def _learn_neighbours(self, rest_s: float) -> None:
        neighbours = self._workspace.neighbours()
        if neighbours is self._learnt_from:
            return
        for shown, file in neighbours.items():
            if self._learnt.get(shown) == hash(file.text) or not (uri := self._workspace.uri_of(shown)):
                continue
            for _ in self._lines.learning(uri, file.text, file.language):
                await asyncio.sleep(rest_s)
            self._learnt[shown] = hash(file.text)
        self._learnt_from = neighbours

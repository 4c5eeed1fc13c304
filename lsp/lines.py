"""The workspace's own lines as a proposer: open documents first, then the files that were learned.

Belongs to one thread, that of the event loop. Each call is short: `propose` takes under 5 ms at the 95th percentile in
a document of 5,000 lines with 2,000 files learned (`benchmarks/lines.py`); what takes longer gives way in between. A
file is named by its document's URI, however that is written, so that an open document takes the place of the file
that was learned.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from completion.cleanup import Place as Surroundings
from completion.cleanup import clean
from completion.lexemes import NOTHING, Proposal
from completion.lines.memory import Memory
from completion.lines.open_text import OpenText
from completion.lines.proposing import LOOK_BACK, Cursor, Found, propose
from completion.lines.vocabulary import Vocabulary
from completion.lines.voting import Source
from lsp.documents import Document, Place
from lsp.uris import key_of

OWN_WEIGHT, OPEN_WEIGHT = 8.0, 2.0
"""How loud places in the document itself and in other open ones are, beside those in learned files."""
_LINES_AT_ONCE = 60
_NEAR_CHARACTERS = 4_000
_MOST_TYPED = 2_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on memory; the default ones keep it under 25 MB.

    lexemes: of learned files, eight bytes each, about four characters of code; words: different lexemes, 170 bytes
    each, a fifth of them kept for open documents; documents: open ones that are followed, the latest.
    """

    lexemes: int = 1_200_000
    words: int = 50_000
    documents: int = 8
    document_lines: int = 20_000


@dataclass(slots=True)
class _Followed:
    language: str
    text: OpenText


class Lines:
    """Proposes how the line at the cursor goes on, as lines like it did."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._vocabularies: dict[str, Vocabulary] = {}
        self._memory = Memory(self._limits.lexemes)
        self._open: dict[str, _Followed] = {}

    def learn(self, uri: str, text: str, language: str) -> None:
        """Learn a file in place of what was known of it. A document that is open is not learned a second time."""
        for _ in self.learning(uri, text, language):
            pass

    def learning(self, uri: str, text: str, language: str) -> Iterator[None]:
        """`learn` in steps of a millisecond, the last one up to 30 ms; nothing is learned before the end."""
        uri = key_of(uri)
        if uri not in self._open:
            vocabulary, room = self._vocabulary(language)
            yield from self._memory.learning(uri, text, language, vocabulary, room - self._limits.words // 5)
            if uri in self._open:  # opened meanwhile
                self._memory.forget(uri)

    def forget(self, uri: str) -> None:
        """Forget a file that was learned, and a document that was closed: learn its file then."""
        self._memory.forget(key_of(uri))
        self._open.pop(key_of(uri), None)

    def catch_up(self, budget_s: float = 0.005) -> bool:
        """Read more of the open documents, for about so long. True: there is more, call again when idle."""
        end_s = time.perf_counter() + budget_s
        for followed in reversed(self._open.values()):
            while followed.text.advance(_LINES_AT_ONCE):
                if time.perf_counter() >= end_s:
                    return True
        return False

    def follow(self, document: Document, language: str, place: Place | None = None) -> None:
        """Note that a document is open, or has changed: 1 ms at most. `propose` does it by itself."""
        uri = key_of(document.uri)
        self._memory.forget(uri)
        followed = self._open.pop(uri, None)
        vocabulary, room = self._vocabulary(language)
        if followed is None or followed.language != language:
            followed = _Followed(language, OpenText(vocabulary, room))
        followed.text.room = room
        self._open[uri] = followed
        while len(self._open) > self._limits.documents:
            self._open.pop(next(iter(self._open)))
        hole = place.line if place else None
        if len(document.lines) <= self._limits.document_lines:
            followed.text.update(document.lines, hole)

    def propose(self, document: Document, place: Place, language: str, *, most_lines: int = 1) -> Proposal:
        """How lines like this one went on, cleaned up for `place`; `NOTHING` where none is known.

        `most_lines`: more than one only where a block is repeated word by word.
        """
        found = self.found(document, place, language, most_lines=most_lines)
        if found is None:
            return NOTHING
        text = clean(found.text, self._surroundings(document, place))
        return Proposal(text, found.proposal.confidence) if text else NOTHING

    def found(self, document: Document, place: Place, language: str, *, most_lines: int = 1) -> Found | None:
        """The proposal before clean-up with its votes, for benchmarks."""
        self.follow(document, language, place)
        own = self._open[key_of(document.uri)]
        own.text.advance(_LINES_AT_ONCE)
        typed = document.lines[place.line][: place.column]
        if len(typed) > _MOST_TYPED:
            return None
        others = [other.text.log for other in self._open.values() if other is not own and other.language == language]
        sources = [
            Source([own.text.log], OWN_WEIGHT),
            Source(others, OPEN_WEIGHT),
            Source(self._memory.logs(language), 1.0, 96),
        ]
        above = document.lines[max(place.line - LOOK_BACK, 0) : place.line]
        vocabulary, _ = self._vocabulary(language)
        return propose(sources, vocabulary, Cursor(above, typed), most_lines=most_lines)

    def _vocabulary(self, language: str) -> tuple[Vocabulary, int]:
        """A language's lexemes, and how many it may have beside those of the others."""
        vocabulary = self._vocabularies.setdefault(language, Vocabulary(self._limits.words))
        others = sum(len(each) for each in self._vocabularies.values()) - len(vocabulary)
        return vocabulary, max(self._limits.words - others, 1)

    def _surroundings(self, document: Document, place: Place) -> Surroundings:
        first = max(place.line - 100, 0)
        before = (
            "".join(document.lines[first : place.line])[-_NEAR_CHARACTERS:] + document.lines[place.line][: place.column]
        )
        after = document.lines[place.line][place.column :] + "".join(document.lines[place.line + 1 : place.line + 30])
        return Surroundings.of(before, after[:_NEAR_CHARACTERS])

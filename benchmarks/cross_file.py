"""Completions that need a declaration of another file: exact matches with and without the workspace's context.

The form of CrossCodeEval (arXiv 2310.11248): a position in a file of a workspace whose next line uses a name that
another file declares, and this file nowhere before. The line is to be completed from where that name begins, or from
the line's beginning with `--from line`. The workspace is indexed as the editor's would be; the file itself is left out
and asked about as an open document. Each position is asked twice through a real completion server, with the pieces and
without; right means that the answer's first line is what the file has, up to white space.

    python -m benchmarks.cross_file --server URL --workspace FOLDER [--language moonbit lua] [--positions 100]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Indel

from benchmarks.report import publish
from completion.declarations import declarations
from completion.declarations.words import WORD, words
from core.errors import VernacularError
from core.language_files import LanguageRegistry, load_languages
from core.wire import ContextPiece, Trigger
from evaluation.scoring.statistics import mcnemar
from lsp.client import CompletionClient
from lsp.context import Budget, Origin, Wish, completion_request
from lsp.documents import Document, Place
from lsp.workspace.folders import Folders
from lsp.workspace.limits import Limits
from lsp.workspace.reading import text_of
from lsp.workspace.workspace import Workspace

MAX_NEW_TOKENS = 48
INDEXING_S = 600.0
_PER_FILE = 3
_SHORTEST_NAME = 4
_OPENERS = ("(", "[", "{", ".", "::")
_NO_PROSE = re.compile(r"\w[-_\d]\w|[a-z][A-Z]")
"""Of a name that is no word of a comment or a text."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where `name`, which `declared_in` declares, is used first; `expected` is the rest of the line."""

    path: str
    line: int
    column: int
    name: str
    declared_in: str
    expected: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a position."""

    position: Position
    with_context: str
    without: str
    shown: bool
    """Whether the pieces held the declaration."""


def positions(folder: Path, registry: LanguageRegistry, language: str, whole_line: bool = False) -> list[Position]:
    """Every such position of the folder's files in a language; of one file at most three."""
    folders, limits = Folders([folder]), Limits()
    texts: dict[str, str] = {}
    for path in folders.walk():
        shown = folders.shown(path) if path else ""
        if path and shown and registry.for_path(shown).name == language and (text := text_of(path, limits)):
            texts[shown] = text
    spec = registry.named(language)
    declaring: dict[str, set[str]] = {}
    for shown, text in texts.items():
        for declared in declarations(spec, text):
            declaring.setdefault(declared.name, set()).add(shown)
    unique = {name: next(iter(paths)) for name, paths in declaring.items() if len(paths) == 1}
    found: list[Position] = []
    for shown, text in texts.items():
        own = {name for name, paths in declaring.items() if shown in paths}
        of_file = list(_of_file(shown, text, unique, own, whole_line, spec.line_comments))
        found += random.Random(shown).sample(of_file, min(_PER_FILE, len(of_file)))
    return found


def _of_file(
    shown: str, text: str, unique: dict[str, str], own: set[str], whole_line: bool, comments: Sequence[str]
) -> Iterator[Position]:
    seen: set[str] = set()
    for row, line in enumerate(text.split("\n")):
        code = line.strip()
        if code and not code.startswith(tuple(comments)):
            for word in WORD.finditer(line):
                name = word[0]
                is_use = line[word.end() :].startswith(_OPENERS) or _NO_PROSE.search(name)
                if is_use and len(name) >= _SHORTEST_NAME and name in unique and name not in seen | own:
                    indentation = len(line) - len(line.lstrip())
                    column = indentation if whole_line else word.start()
                    yield Position(shown, row, column, name, unique[name], line[column:].rstrip())
                    break
        seen.update(words(line))


async def ask(
    server: str, folder: Path, found: Sequence[Position], registry: LanguageRegistry, language: str
) -> list[Answer]:
    """Ask about every position, with the workspace's pieces and without."""
    client = CompletionClient(server, 120.0)
    workspace = Workspace([folder], registry)
    workspace.start()
    answers: list[Answer] = []
    try:
        health = await client.health()
        budget = Budget.for_model(health.model, MAX_NEW_TOKENS)
        await asyncio.to_thread(workspace.wait, INDEXING_S)
        for number, position in enumerate(found):
            text = text_of(folder / position.path, Limits()) or ""
            place = Place(position.line, position.column)
            full = Document.of((folder / position.path).as_uri(), text)
            end = Place(place.line, len(full.lines[place.line].rstrip("\n")))
            document = full.replaced(place, end, "")  # what is to be written is not in the index either
            workspace.opened(document)
            origin = Origin(language, position.path, folder.name)
            workspace.pieces(document, place, origin, budget)
            await asyncio.to_thread(workspace.wait, INDEXING_S)
            pieces = workspace.pieces(document, place, origin, budget)
            lines = []
            for kind, context in (("with", pieces), ("without", ())):
                wish = Wish("cross-file", f"{kind}-{number}", Trigger.INVOKED, MAX_NEW_TOKENS, single_line=True)
                request = completion_request(document, place, origin, budget, wish, context)
                lines.append((await client.complete(request)).text.split("\n")[0])
            answers.append(Answer(position, lines[0], lines[1], _shows(pieces, position)))
            workspace.closed(document.uri)
    finally:
        workspace.close()
        await client.close()
    return answers


def _shows(pieces: Sequence[ContextPiece], position: Position) -> bool:
    return any(position.name in set(words(piece.text)) for piece in pieces)


def is_right(answer: str, expected: str) -> bool:
    """Whether a line is the expected one, up to white space."""
    return answer.split() == expected.split()


def main() -> None:
    """Find positions, ask, print, write `results/cross_file.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="a completion server's address")
    parser.add_argument("--workspace", type=Path, required=True, help="a folder of code that the model has not seen")
    parser.add_argument("--language", nargs="+", default=["moonbit"], help="whose files are asked about")
    parser.add_argument("--languages", type=Path, action="append", default=[], help="a folder of language files")
    parser.add_argument("--positions", type=int, default=100, help="positions of each language, drawn from all")
    parser.add_argument("--from", dest="start", choices=("name", "line"), default="name", help="where the hole begins")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    arguments = parser.parse_args()
    folder = arguments.workspace.resolve()
    registry = load_languages(arguments.languages)
    rows: list[list[str]] = []
    said: list[str] = []
    kept: dict[str, Any] = {}
    for language in arguments.language:
        every = positions(folder, registry, language, arguments.start == "line")
        if not every:
            raise SystemExit(f"error: {arguments.workspace}: no {language} file there uses another one's names")
        found = random.Random(arguments.seed).sample(every, min(arguments.positions, len(every)))
        try:
            answers = asyncio.run(ask(arguments.server, folder, found, registry, language))
        except VernacularError as error:
            raise SystemExit(f"error: {error}") from None
        rows += _rows(language, answers)
        said.append(_verdict(language, answers))
        kept[language] = {"answers": [asdict(answer) for answer in answers], "of": len(every)}
    publish(
        "cross_file",
        f"Lines that use another file's declaration, from the {arguments.start}, seed {arguments.seed}",
        ["", "positions", "exact match %", "edit similarity %"],
        rows,
        kept,
        said,
    )


def _rows(language: str, answers: Sequence[Answer]) -> list[list[str]]:
    rows = []
    expected = [answer.position.expected for answer in answers]
    for label, lines in (("with", [a.with_context for a in answers]), ("without", [a.without for a in answers])):
        right = [is_right(line, wanted) for line, wanted in zip(lines, expected, strict=True)]
        near = [Indel.normalized_similarity(line.strip(), w.strip()) for line, w in zip(lines, expected, strict=True)]
        shares = (100 * sum(right) / len(right), 100 * sum(near) / len(near))
        rows.append([f"{language}, {label} context", str(len(answers)), *(f"{share:.1f}" for share in shares)])
    return rows


def _verdict(language: str, answers: Sequence[Answer]) -> str:
    pairs = [(is_right(a.with_context, a.position.expected), is_right(a.without, a.position.expected)) for a in answers]
    won, lost = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    shown = sum(answer.shown for answer in answers) / len(answers)
    return (
        f"{language}: right only with context {won}, only without {lost} (McNemar p {mcnemar(won, lost).p_value:.2g});"
        f" the pieces held the declaration's name in {shown:.0%} of the positions."
    )


if __name__ == "__main__":
    main()

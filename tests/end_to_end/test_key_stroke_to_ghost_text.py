"""From a key stroke in the real Neovim, through the real language server and the real server, to the model's text.

Nothing on this path is a stand-in. What is shown must be what transformers says, greedily, for the same prompt.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from completion.cleanup import Place as Surroundings
from completion.cleanup import clean
from completion.stopping import Watch
from completion.templates import template_named
from core.language_files import load_languages
from core.wire import Trigger
from lsp.context import Budget, Origin, Wish, completion_request
from lsp.cursor import Cursor
from lsp.documents import Document, Place
from tests.end_to_end.conftest import Served
from tests.end_to_end.reference import Reference
from tests.neovim.driver import Neovim, neovim, neovim_command

pytestmark = [pytest.mark.engine, pytest.mark.neovim, pytest.mark.timeout(900)]

FILES = Path(__file__).parent / "files"
MAX_NEW_TOKENS = 12
GHOST_TIMEOUT_S = 60.0
SETTINGS = {
    "max_new_tokens": MAX_NEW_TOKENS,
    "timeout_s": GHOST_TIMEOUT_S,
    "proposers": "model",  # what the reference knows nothing of is left out: other lines, other files
    "context": False,
}
PLAIN_TYPING = "setlocal indentexpr= indentkeys= noautoindent nosmartindent nocindent formatoptions="


@pytest.fixture(scope="module")
def reference(served: Served) -> Reference:
    return Reference(served.folder, template_named(served.card.template), served.card)


@dataclass(frozen=True)
class Typing:
    """A new line below `below`, and what is typed there."""

    below: str
    typed: str


# Several places, because a small model may have nothing to say at one of them, or two tokens may tie.
PLACES = {
    "queue.mbt": [
        Typing('inspect(queue.pop(), content="Some(1)")', "  inspect(queue.p"),
        Typing("pub fn[T] Queue::push(self : Queue[T], value : T) -> Unit {", "  self.inc"),
        Typing("let queue : Queue[Int] = Queue::new()", "  let other : Queue[Int] = "),
        Typing("queue.push(i)", "    queue."),
    ],
    "shelf.py": [
        Typing('"""Every author once, by name."""', "        for book in self."),
        Typing("self.books.append(book)", "        for wo"),
        Typing(
            "return sorted({book.author for book in self.books})", "\n    def titles(self) -> list[str]:\n        ret"
        ),
        Typing("from dataclasses import dataclass, field", "from pathlib imp"),
    ],
}


@pytest.mark.parametrize("name", PLACES)
def test_seen_typed_through_accepted(served: Served, reference: Reference, tmp_path: Path, name: str) -> None:
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    file = Path(shutil.copy(FILES / name, work / name))
    place, ghost, key, rest = _chosen(served, reference, file)

    with neovim(neovim_command(), tmp_path / "home") as nvim:
        nvim.setup(server_url=served.url, settings=SETTINGS)
        nvim.edit(file)
        nvim.session.command(PLAIN_TYPING)
        _go_below(nvim, place.below)

        nvim.type("o" + _keys(place.typed))
        nvim.wait_for_ghost(ghost, GHOST_TIMEOUT_S)

        nvim.type(_keys(key))
        nvim.wait_for_ghost(rest, GHOST_TIMEOUT_S)

        nvim.type("<Tab>")
        expected = _with_typing(file, place, key + rest)
        nvim.wait_for(lambda: "\n".join(nvim.lines) == expected.text.removesuffix("\n"))
        assert nvim.ghost == ""
        assert nvim.messages == ""
        nvim.type("<Esc>")
        nvim.session.command("write")
    assert file.read_text() == expected.text


def _chosen(served: Served, reference: Reference, file: Path) -> tuple[Typing, str, str, str]:
    """The first place with something to say that can be typed along: (place, ghost, key, rest)."""
    for place in PLACES[file.name]:
        ghost = _greedy(served, reference, file, place)
        if len(ghost) > 1 and ghost[0] not in "\n\t":
            return place, ghost, ghost[0], ghost[1:]
    pytest.fail("the model has nothing to say at any of the places")


def _greedy(served: Served, reference: Reference, file: Path, place: Typing) -> str:
    """What the model says there by the reference, ended and cleaned as the server does it."""
    document = _with_typing(file, place, "")
    typed_lines = place.typed.split("\n")
    row = _row_below(file, place) + len(typed_lines) - 1
    at = Place(row, len(typed_lines[-1]))
    spec = load_languages().for_path(file.name)
    origin = Origin(spec.name, file.name, "work")
    single_line = Cursor(document, at, origin, spec=spec).extent.single_line
    wish = Wish("session", "request", Trigger.AUTOMATIC, MAX_NEW_TOKENS, single_line)
    request = completion_request(document, at, origin, Budget.for_model(served.card, MAX_NEW_TOKENS), wish)
    said = reference.answer(request)
    if said and single_line:
        said = said.partition("\n")[0]
    around = Surroundings.of(request.prefix, request.suffix, request.language)
    stop = Watch(around).seen(said) if said else None
    return clean(said[: stop.kept] if stop else said, around) if said else ""


def _with_typing(file: Path, place: Typing, more: str) -> Document:
    lines = (FILES / file.name).read_text().split("\n")
    row = _row_below(file, place)
    return Document.of("", "\n".join([*lines[:row], place.typed + more, *lines[row:]]))


def _row_below(file: Path, place: Typing) -> int:
    lines = (FILES / file.name).read_text().split("\n")
    return next(number for number, line in enumerate(lines) if place.below in line) + 1


def _go_below(nvim: Neovim, text: str) -> None:
    nvim.lua("vim.fn.cursor(vim.fn.search('\\\\V' .. vim.fn.escape(..., '\\\\'), 'cw'), 1)", text)


def _keys(text: str) -> str:
    return text.replace("<", "<lt>").replace("\n", "<CR>")

"""Requests from documents; `|` marks the cursor."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire import CompletionRequest, ContextPiece, PieceKind, Trigger
from lsp.context import (
    Budget,
    Origin,
    Wish,
    completion_request,
    located,
    piece_bytes,
    stable_end,
    stable_start,
    with_selection,
)
from lsp.documents import Document, Place
from tests.lsp.fake_server import CARD

WISH = Wish(session_id="s", request_id="r", trigger=Trigger.AUTOMATIC, max_new_tokens=64)


def request_for(text: str, budget: Budget | None = None, wish: Wish = WISH) -> CompletionRequest:
    before, after = text.split("|")
    document = Document.of("file:///a", before + after)
    line = before.count("\n")
    place = Place(line, len(before) - before.rfind("\n") - 1)
    return completion_request(document, place, Origin("python", "a.py", "repo"), budget or Budget(), wish)


def test_prefix_and_suffix_meet_at_the_cursor() -> None:
    request = request_for("one\ntw|o\nthree")
    assert (request.prefix, request.suffix) == ("one\ntw", "o\nthree")
    assert (request.language, request.path, request.repository) == ("python", "a.py", "repo")


def test_line_ends_are_line_feeds_and_text_is_valid() -> None:
    request = request_for("a\r\n\ud800b|\r\nc\r\n")
    assert (request.prefix, request.suffix) == ("a\n?b", "\nc\n")


@pytest.mark.parametrize(
    ("text", "single"),
    [
        ("f(|)", False),
        ('f("|");\n', False),
        ("x = |\nnext", False),
        ("x = | + y\n", True),
        ("f(|, other)", True),
        ("|word", True),
    ],
)
def test_one_line_only_in_the_middle_of_a_line(text: str, single: bool) -> None:
    assert request_for(text).single_line is single


def test_the_budget_follows_the_model_card() -> None:
    budget = Budget.for_model(CARD, max_new_tokens=64)
    assert budget.prefix_bytes + budget.suffix_bytes <= (2048 - 64) * 3.5
    assert budget.prefix_bytes >= 3 * budget.suffix_bytes
    tiny = CARD.model_copy(update={"context_tokens": 10})
    assert Budget.for_model(tiny, max_new_tokens=1000).prefix_bytes > 0
    assert Budget.for_model(None, 64) == Budget()


def test_typing_leaves_the_start_of_a_long_prefix_alone() -> None:
    lines = "".join(f"line {number} of a long file\n" for number in range(500))
    starts = [stable_end(lines + "x" * typed, 4000)[:40] for typed in range(3000)]
    assert len(set(starts)) <= 4
    assert all(start.startswith("line ") for start in starts)


@given(
    text=st.text(st.sampled_from("ab \n\u20ac\N{GRINNING FACE}"), max_size=400),
    budget=st.integers(4, 200),
)
def test_the_end_keeps_to_its_budget_and_uses_half_of_it(text: str, budget: int) -> None:
    end = stable_end(text, budget)
    size = len(end.encode())
    assert text.endswith(end)
    assert size <= budget
    assert end == text or size >= budget // 2 - 4


def test_typing_and_new_lines_leave_the_end_of_a_long_suffix_alone() -> None:
    lines = "".join(f"line {number} of a long file\n" for number in range(500))
    ends = [stable_start("x" * typed + "\n" + lines, 4000)[-40:] for typed in range(900)]
    assert len(set(ends)) <= 2
    assert all(end.endswith("of a long file\n") for end in ends)


def test_the_suffix_does_not_change_while_one_types_before_it() -> None:
    after = "\n" + "".join(f"line {number}\n" for number in range(2000))
    assert len({request_for("x" * typed + "|" + after).suffix for typed in range(50)}) == 1


@given(
    text=st.text(st.sampled_from("ab \n\u20ac\N{GRINNING FACE}"), max_size=400),
    budget=st.integers(4, 200),
)
def test_the_start_keeps_to_its_budget_and_uses_half_of_it(text: str, budget: int) -> None:
    start = stable_start(text, budget)
    size = len(start.encode())
    assert text.startswith(start)
    assert size <= budget
    assert start == text or size >= budget // 2 - 4


def pieces_of(*sizes: int) -> tuple[ContextPiece, ...]:
    return tuple(ContextPiece(kind=PieceKind.SIMILAR, path="b.py", text="y" * size) for size in sizes)


def test_pieces_go_along_in_their_order_until_one_has_no_room() -> None:
    before, budget = "a = 1\n" * 3000, Budget()
    place = Place(3000, 0)
    document = Document.of("file:///a", before)
    pieces = pieces_of(1000, 900, 2000, 10)
    request = completion_request(document, place, Origin("python"), budget, WISH, pieces)
    assert request.context == pieces[:2]
    total = len(request.prefix.encode()) + len(request.suffix.encode()) + sum(map(piece_bytes, request.context))
    assert total <= budget.prefix_bytes + budget.suffix_bytes
    assert len(request.prefix) >= 0.5 * (budget.prefix_bytes + budget.suffix_bytes - 2000)


def test_the_prefix_takes_what_the_suffix_leaves() -> None:
    text = "a = 1\n" * 3000
    budget = Budget(4000, 1000, 1000)
    alone = completion_request(Document.of("file:///a", text), Place(3000, 0), Origin("python"), budget, WISH)
    assert len(alone.prefix) <= 5000
    assert budget.for_prefix(1000, 0) == 4000
    assert budget.for_prefix(0, 0) == 5000
    assert 2900 <= budget.for_prefix(1000, 1000) <= 3000
    assert budget.for_prefix(1000, 10**6) > 0


def test_a_piece_that_grows_a_little_does_not_move_the_start_of_the_prefix() -> None:
    document = Document.of("file:///a", "".join(f"line {number}\n" for number in range(3000)))
    starts = {
        completion_request(document, Place(3000, 0), Origin("python"), Budget(), WISH, pieces_of(size)).prefix[:30]
        for size in range(600, 1000, 10)
    }
    assert len(starts) <= 2


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/work/src/a.py", ("src/a.py", "work")),
        ("/home/me/work/nested/b.py", ("b.py", "nested")),
        ("/home/me/private/c.py", ("c.py", "")),
        (None, ("", "")),
    ],
)
def test_a_path_is_relative_to_the_innermost_folder(path: str | None, expected: tuple[str, str]) -> None:
    folders = [PurePosixPath("/home/me/work"), PurePosixPath("/home/me/work/nested")]
    origin = located(Origin("python"), PurePosixPath(path) if path else None, folders)
    assert (origin.path, origin.repository) == expected


def test_a_selected_item_stands_in_the_document() -> None:
    document = Document.of("file:///a", "x\n  a.he()\n")
    changed, place = with_selection(document, Place(1, 4), Place(1, 6), "hello")
    assert (changed.text, place) == ("x\n  a.hello()\n", Place(1, 9))
    changed, place = with_selection(document, Place(1, 4), Place(1, 6), "b\nccc")
    assert (changed.text, place) == ("x\n  a.b\nccc()\n", Place(2, 3))

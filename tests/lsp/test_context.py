"""Requests from documents; `|` marks the cursor."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire import CompletionRequest, Trigger
from lsp.context import Budget, Origin, Wish, completion_request, located, stable_end, with_selection
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

"""What proposals, edits and commands make of each other, on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.events import Accepted, Event, Kept, Offered, PartlyAccepted, Superseded, Way
from core.wire import Timings, Trigger
from lsp.context import Origin
from lsp.cursor import Cursor
from lsp.documents import Document, Documents, Place
from lsp.proposals import Source
from lsp.telemetry.recorder import COMMAND_WITHIN_S, MOST_TAKEN, Recorder

URI = "file:///a.levy"
SOURCE = Source("r-1", "tiny", 30.0, Timings(queue_ms=1.0, first_token_ms=9.0, total_ms=20.0))


class Timer:
    def __init__(self, at_s: float, call: Callable[[], None]) -> None:
        self.at_s, self.call, self.cancelled = at_s, call, False

    def cancel(self) -> None:
        self.cancelled = True


class Desk:
    """An editor with one document, its recorder, and a clock."""

    def __init__(self, text: str) -> None:
        self.documents = Documents()
        self.documents.put(Document.of(URI, text))
        self.now_s = 0.0
        self.timers: list[Timer] = []
        self.events: list[Event] = []
        self.recorder = Recorder(self.documents, self._emit, self._later, lambda: self.now_s)

    def _emit(self, event: Event, _: float) -> None:
        self.events.append(event)

    def _later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now_s + delay_s, call))
        return self.timers[-1]

    @property
    def document(self) -> Document:
        found = self.documents.get(URI)
        assert found
        return found

    def offer(self, line: int, column: int, *texts: str, source: Source | None = SOURCE, **more: Any) -> str:
        cursor = Cursor(self.document, Place(line, column), Origin("levy"), Trigger.AUTOMATIC)
        return self.recorder.offered(cursor, texts, source, 42.0, **more)

    def edit(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        first, last = Place(*start), Place(*end)
        self.recorder.edited(self.document, first, last, text)
        self.documents.put(self.document.replaced(first, last, text))

    def put(self, line: int, column: int, text: str) -> None:
        self.edit((line, column), (line, column), text)

    def pass_(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while due := [timer for timer in self.timers if timer.at_s <= until_s and not timer.cancelled]:
            timer = min(due, key=lambda each: each.at_s)
            self.timers.remove(timer)
            self.now_s = max(self.now_s, timer.at_s)
            timer.call()
        self.now_s = until_s

    def said(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture
def desk() -> Desk:
    return Desk("def f\nend\n")


def test_offered_once_however_many_keys_are_typed_along(desk: Desk) -> None:
    first = desk.offer(0, 5, "(a, b)\n  a")
    desk.put(0, 5, "()")  # the editor closes the bracket that was typed
    assert desk.offer(0, 6, "a, b)\n  a") == first
    desk.put(0, 6, "a")
    assert desk.offer(0, 7, ", b)\n  a") == first
    desk.edit((0, 6), (0, 7), "")
    assert desk.offer(0, 6, "a, b)\n  a\nend") == first  # and goes on further
    (offered,) = desk.said(Offered)
    assert (offered.offer_id, offered.language, offered.model, offered.request_id) == (first, "levy", "tiny", "r-1")
    assert (offered.characters, offered.lines, offered.invoked, offered.text) == (10, 2, False, None)
    latency = offered.latency
    assert (latency.answer_ms, latency.request_ms) == (42.0, 30.0)
    assert (latency.queue_ms, latency.first_token_ms, latency.server_ms) == (1.0, 9.0, 20.0)


def test_a_line_of_the_work_space_names_no_model(desk: Desk) -> None:
    desk.offer(0, 5, "(a)", source=None)
    (offered,) = desk.said(Offered)
    assert (offered.model, offered.request_id, offered.latency.request_ms) == ("", None, None)


def test_the_text_goes_along_where_the_user_consents(desk: Desk) -> None:
    desk.offer(0, 5, "(a)", with_text=True)
    assert desk.said(Offered)[0].text == "(a)"


def test_accepted_by_the_command_after_the_edit(desk: Desk) -> None:
    offer = desk.offer(0, 5, "(a)")
    desk.put(0, 5, "(")
    desk.edit((0, 5), (0, 6), "(a)")  # the editor puts in all of it, over what was typed
    desk.recorder.accepted(offer)
    desk.pass_(2 * COMMAND_WITHIN_S)
    (accepted,) = desk.said(Accepted)
    assert (accepted.offer_id, accepted.characters, accepted.way) == (offer, 2, Way.COMMAND)
    assert desk.kinds == ["offered", "accepted"]


def test_the_next_proposal_may_come_before_the_command(desk: Desk) -> None:
    offer = desk.offer(0, 5, "(a)")
    desk.put(0, 5, "(a)")
    desk.offer(0, 8, "\n  a")
    desk.recorder.accepted(offer)
    assert desk.kinds == ["offered", "offered", "accepted"]


@pytest.mark.parametrize(("new_line", "kept"), [("def g(a)\n", ["kept"]), ("define g(a)\n", [])])
def test_the_command_has_the_say_where_the_edit_was_not_understood(desk: Desk, new_line: str, kept: list[str]) -> None:
    offer = desk.offer(0, 5, "(a)")
    desk.edit((0, 0), (1, 0), new_line)
    desk.recorder.accepted(offer)
    desk.pass_(30)
    assert desk.kinds == ["offered", "accepted", *kept]


def test_the_second_of_several(desk: Desk) -> None:
    offer = desk.offer(0, 5, "(a)", "(b, c)")
    desk.put(0, 5, "(b, c)")
    desk.recorder.accepted(offer)
    assert desk.said(Accepted)[0].characters == 6
    desk.pass_(30)
    assert desk.said(Kept)[0].changed == 0.0


def test_an_editor_that_runs_no_commands(desk: Desk) -> None:
    desk.offer(0, 5, "(a, b)")
    desk.put(0, 5, "(a, b)")
    assert desk.kinds == ["offered"]
    desk.pass_(COMMAND_WITHIN_S)
    (accepted,) = desk.said(Accepted)
    assert (accepted.characters, accepted.way) == (6, Way.EDIT)


@pytest.mark.parametrize(("way", "expected"), [(None, Way.EDIT), ("word", Way.WORD), ("line", Way.LINE)])
def test_a_part_is_inferred_and_says_so(desk: Desk, way: str | None, expected: Way) -> None:
    offer = desk.offer(0, 5, "(alpha, beta)")
    desk.put(0, 5, "(alpha,")
    if way:
        desk.recorder.accepted_part(offer, way)
    desk.put(0, 12, " ")
    desk.put(0, 13, "x")
    desk.pass_(COMMAND_WITHIN_S)
    (partly,) = desk.said(PartlyAccepted)
    assert (partly.offer_id, partly.characters, partly.way) == (offer, 7, expected)
    assert desk.kinds == ["offered", "partly_accepted"]


def test_word_by_word_to_the_end_is_accepted(desk: Desk) -> None:
    desk.offer(0, 5, "(alpha, beta)")
    for column, word in ((5, "(alpha"), (11, ", "), (13, "beta)")):
        desk.put(0, column, word)
    desk.pass_(COMMAND_WITHIN_S)
    (accepted,) = desk.said(Accepted)
    assert accepted.way is Way.EDIT
    assert accepted.characters == 11


@pytest.mark.parametrize("keys", [["(", "a", ")"], ["()", "a"], ["\n    ", "x"], ["\n", "    ", "x"]])
def test_typing_and_what_editors_add_to_it_is_no_acceptance(desk: Desk, keys: list[str]) -> None:
    whole = {"(": "(a)", "\n": "\n    x"}[keys[0][0]]
    desk.offer(0, 5, whole)
    place = Place(0, 5)
    for key in keys:
        desk.put(place.line, place.column, key)
        lines = key.split("\n")
        column = 1 if key == "()" else len(lines[-1])
        place = Place(place.line + len(lines) - 1, column if len(lines) > 1 else place.column + column)
    desk.pass_(400)
    assert desk.said(Accepted) + desk.said(PartlyAccepted) + desk.said(Kept) == []


def test_superseded_by_other_typing_or_another_proposal(desk: Desk) -> None:
    first = desk.offer(0, 5, "(a)")
    desk.pass_(2)
    desk.put(0, 5, "x")
    second = desk.offer(0, 6, "yz")
    desk.pass_(3)
    desk.offer(1, 3, " f")
    desk.pass_(COMMAND_WITHIN_S)
    assert [(each.offer_id, each.shown_ms) for each in desk.said(Superseded)] == [(first, 3000.0), (second, 4000.0)]


def test_edits_elsewhere_leave_it(desk: Desk) -> None:
    offer = desk.offer(1, 3, " of f")
    desk.put(0, 0, "-- a comment\n")
    assert desk.offer(2, 3, " of f") == offer
    desk.put(2, 3, " of f")
    desk.recorder.accepted(offer)
    assert desk.kinds == ["offered", "accepted"]


def test_what_is_kept_is_followed_through_edits(desk: Desk) -> None:
    offer = desk.offer(0, 5, "(alpha)\n  alpha")
    desk.put(0, 5, "(alpha)\n  alpha")
    desk.recorder.accepted(offer)
    desk.put(0, 0, "-- a\n-- b\n")
    desk.put(3, 7, ".size")  # behind it
    desk.pass_(29)
    assert desk.said(Kept) == []
    desk.pass_(1)
    desk.edit((2, 6), (2, 11), "b")
    desk.pass_(270)
    soon, later = desk.said(Kept)
    assert (soon.offer_id, soon.after_s, soon.characters, soon.changed) == (offer, 30, 15, 0.0)
    assert (later.after_s, later.changed) == (300, 5 / 15)
    desk.pass_(10_000)
    assert len(desk.said(Kept)) == 2


def test_deleted_is_not_kept(desk: Desk) -> None:
    desk.offer(0, 5, "(alpha)")
    desk.put(0, 5, "(alpha)")
    desk.edit((0, 2), (1, 1), "")
    desk.pass_(30)
    assert desk.said(Kept)[0].changed == 1.0


def test_a_part_is_followed_too(desk: Desk) -> None:
    desk.offer(0, 5, "(alpha, beta)")
    desk.put(0, 5, "(alpha,")
    desk.put(0, 12, "x")
    desk.pass_(30)
    (kept,) = desk.said(Kept)
    assert (kept.characters, kept.changed) == (7, 0.0)


def test_of_a_closed_document_nothing_is_known(desk: Desk) -> None:
    desk.offer(0, 5, "(alpha)")
    desk.put(0, 5, "(alpha)")
    desk.recorder.lost(URI)
    desk.documents.close(URI)
    desk.pass_(400)
    assert desk.kinds == ["offered", "accepted"]


def test_at_the_end_what_is_known_is_said(desk: Desk) -> None:
    desk.offer(0, 5, "(alpha)")
    desk.put(0, 5, "(alpha)")
    desk.offer(0, 12, "\n  alpha")
    desk.recorder.close()
    assert desk.kinds == ["offered", "offered", "accepted"]  # of the last one nothing is known yet


@pytest.mark.parametrize("argument", ["", "x", None, 7, ["a"], {"a": 1}])
def test_commands_of_nobodys_proposal_do_nothing(desk: Desk, argument: object) -> None:
    desk.offer(0, 5, "(a)")
    desk.recorder.accepted(argument)
    desk.recorder.accepted_part(argument, argument)
    assert desk.kinds == ["offered"]


def test_ids_are_all_different_and_one_outcome_each(desk: Desk) -> None:
    for _ in range(3 * MOST_TAKEN):
        offer = desk.offer(0, 5, "(a)")
        desk.put(0, 5, "(a)")
        desk.recorder.accepted(offer)
        desk.recorder.accepted(offer)
        desk.edit((0, 5), (0, 8), "")
    desk.pass_(400)
    assert len({event.id for event in desk.events}) == len(desk.events)
    assert len(desk.said(Accepted)) == 3 * MOST_TAKEN
    assert len(desk.said(Kept)) == 2 * MOST_TAKEN

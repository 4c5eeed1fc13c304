"""The session by itself, where what happens between two messages matters."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from completion.choosing import Choice, Option, choose
from completion.lexemes import Proposal as LineProposal
from core.wire import CompletionRequest, ContextPiece, Trigger
from lsp.availability import Status
from lsp.context import Budget, Origin
from lsp.cursor import Cursor
from lsp.documents import Document, Place
from lsp.early import MOST_UNASKED
from lsp.flight import UNFINISHED
from lsp.session import NOTHING, Offer, Session
from lsp.settings import Settings
from tests.lsp.fake_server import FakeServer, Reply, running

AFTER = "\nend\n"


class Typist:
    """Types into one document, and asks for ghost text at its cursor."""

    def __init__(self, session: Session, text: str) -> None:
        self.session = session
        self.text = text

    def cursor(self, trigger: Trigger = Trigger.AUTOMATIC) -> Cursor:
        *above, last = self.text.split("\n")
        document = Document.of("file:///a.py", self.text + AFTER)
        return Cursor(document, Place(len(above), len(last)), Origin("python"), trigger)

    async def ghost_text(self, trigger: Trigger = Trigger.AUTOMATIC) -> Offer | None:
        return await self.session.complete(self.cursor(trigger))

    def strike(self, text: str) -> None:
        """Type as far as the editor has told of it: it has not asked yet."""
        self.text += text
        self.session.struck(self.cursor())

    async def type(self, text: str) -> asyncio.Task[Offer | None]:
        """Type, and ask without waiting for the answer."""
        self.text += text
        asked = asyncio.create_task(self.ghost_text())
        await asyncio.sleep(0.01)
        return asked


def settings_for(fake: FakeServer, **values: Any) -> Settings:
    return Settings.model_validate({"server_url": fake.url, "debounce_ms": 0, "ask_ahead": False} | values)


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(reply=Reply("lo(world)"))) as server:
        yield server


@pytest.fixture
async def session(fake: FakeServer) -> AsyncIterator[Session]:
    one = Session(settings_for(fake), lambda _: None, lambda _: None)
    yield one
    await one.close()


async def until(condition: Any) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 20 s")


async def test_a_key_stroke_while_the_server_is_being_changed_asks_the_new_one(fake: FakeServer) -> None:
    said: list[Status] = []
    fake.reply = Reply("old", hang=True)
    with running(FakeServer(reply=Reply("new"))) as new:
        session = Session(settings_for(fake), said.append, lambda _: None)
        typist = Typist(session, "a")
        hanging = await typist.type("")
        await until(lambda: fake.requests)

        changing = asyncio.create_task(session.configure(settings_for(new)))
        await asyncio.sleep(0)
        assert await typist.ghost_text() == Offer(("new",), 0.9)

        await changing
        assert await hanging is None
        await session.close()
    assert {status.state for status in said} == {"ready"}
    assert len(fake.requests) == len(new.requests) == 1


async def test_a_request_whose_answer_still_fits_is_kept(fake: FakeServer, session: Session) -> None:
    hold = threading.Event()
    fake.reply = Reply("lo(world)", hold=hold)
    typist = Typist(session, "hel")
    older = await typist.type("")
    await until(lambda: fake.requests)
    newer = await typist.type("lo")
    assert await older is None
    hold.set()
    assert await newer == Offer(("(world)",), 0.9)
    assert len(fake.requests) == 1


async def test_a_request_that_the_editor_gave_up_is_kept_for_the_next_key(fake: FakeServer, session: Session) -> None:
    hold = threading.Event()
    fake.reply = Reply("lo(world)", hold=hold)
    typist = Typist(session, "hel")
    older = await typist.type("")
    await until(lambda: fake.requests)
    older.cancel()  # as VS Code does before each newer one
    newer = await typist.type("l")
    hold.set()
    assert await newer == Offer(("o(world)",), 0.9)
    assert len(fake.requests) == 1
    assert fake.abandoned == []


async def test_what_the_model_begins_to_say_otherwise_is_cancelled(fake: FakeServer, session: Session) -> None:
    fake.reply = lambda request: Reply("lo", hang=True) if request.prefix == "hel" else Reply("(me)")
    typist = Typist(session, "hel")
    await typist.type("")
    await until(lambda: fake.requests)
    newer = await typist.type("p")
    assert await newer == Offer(("(me)",), 0.9)
    assert [request.prefix for request in fake.requests] == ["hel", "help"]
    await until(lambda: fake.abandoned == [fake.requests[0].request_id])


async def test_the_proposal_after_this_one_is_asked_for_ahead(fake: FakeServer, session: Session) -> None:
    def reply(request: CompletionRequest) -> Reply:
        return Reply("lo") if request.prefix == "hel" else Reply(" world")

    fake.reply = reply
    await session.configure(settings_for(fake, ask_ahead=True))
    typist = Typist(session, "hel")
    assert await typist.ghost_text() == Offer(("lo",), 0.9)
    await until(lambda: len(fake.requests) == 2)
    assert fake.requests[1].prefix == "hello"
    assert await typist.ghost_text() == Offer(("lo",), 0.9), "what is on display stays"
    typist.text = "hello"  # accepted
    assert await typist.ghost_text() == Offer((" world",), 0.9)
    asked = [request.prefix for request in fake.requests]
    assert asked[:2] == ["hel", "hello"]
    assert "hello" not in asked[2:]


async def test_nothing_is_asked_ahead_of_a_proposal_that_is_gone(fake: FakeServer, session: Session) -> None:
    await session.configure(settings_for(fake, ask_ahead=True))
    fake.reply = lambda request: Reply("lo" if request.prefix == "hel" else "")
    typist = Typist(session, "hel")
    assert await typist.ghost_text() == Offer(("lo",), 0.9)
    typist.text = "heap"
    assert await typist.ghost_text() == NOTHING
    await asyncio.sleep(0.3)
    assert [request.prefix for request in fake.requests] == ["hel", "heap"]


class TestAskingAtTheKeyStroke:
    """Editors tell of a key at once and ask after a pause."""

    async def test_the_answer_is_there_when_the_editor_asks(self, fake: FakeServer, session: Session) -> None:
        typist = Typist(session, "hel")
        await typist.ghost_text()
        fake.reply = Reply("!")
        typist.strike("x")
        await until(lambda: len(fake.requests) == 2 and not session.under_way)
        assert await typist.ghost_text() == Offer(("!",), 0.9)
        assert [request.prefix for request in fake.requests] == ["hel", "helx"]

    async def test_what_is_proposed_already_is_not_asked_again(self, fake: FakeServer, session: Session) -> None:
        typist = Typist(session, "hel")
        await typist.ghost_text()
        typist.strike("l")
        await asyncio.sleep(0.1)
        assert await typist.ghost_text() == Offer(("o(world)",), 0.9)
        assert len(fake.requests) == 1

    async def test_a_newer_key_gives_up_what_fits_no_longer(self, fake: FakeServer, session: Session) -> None:
        fake.reply = lambda request: Reply("lo", hang=True) if request.prefix == "hel" else Reply("(me)")
        typist = Typist(session, "hel")
        older = await typist.type("")
        await until(lambda: fake.requests)
        typist.strike("p")
        assert await older is None
        assert await typist.ghost_text() == Offer(("(me)",), 0.9)
        assert [request.prefix for request in fake.requests] == ["hel", "help"]

    async def test_a_key_within_the_pause_puts_it_off(self, fake: FakeServer, session: Session) -> None:
        await session.configure(settings_for(fake, debounce_ms=2000))
        typist = Typist(session, "hel")
        typist.strike("l")
        asked = await typist.type("")
        typist.strike("o")
        await asyncio.sleep(0.2)
        assert fake.requests == []
        asked.cancel()

    @pytest.mark.parametrize("line", ["elsewhere", "turned off", "lines"])
    async def test_nothing_is_asked_where_nobody_types(self, fake: FakeServer, session: Session, line: str) -> None:
        typist = Typist(session, "hel")
        await typist.ghost_text()
        values: dict[str, Any] = {"elsewhere": {}, "turned off": {"ask_early": False}, "lines": {"proposers": "lines"}}
        await session.configure(settings_for(fake, **values[line]))
        typist.strike("\n\n\n\nx" if line == "elsewhere" else "x")
        await asyncio.sleep(0.1)
        assert len(fake.requests) == 1

    async def test_an_editor_that_never_asks_costs_few_requests(self, fake: FakeServer, session: Session) -> None:
        fake.reply = Reply("")
        typist = Typist(session, "hel")
        await typist.ghost_text()
        for number in range(10):
            typist.strike(str(number))
            await until(lambda: not session.under_way)
            await asyncio.sleep(0.02)
        assert 2 <= len(fake.requests) <= 1 + MOST_UNASKED


async def test_asked_by_hand_there_are_several(fake: FakeServer, session: Session) -> None:
    fake.reply = Reply("lo", alternatives=("p", "lo"))
    typist = Typist(session, "hel")
    assert await typist.ghost_text(Trigger.INVOKED) == Offer(("lo", "p"), 0.9)
    assert fake.requests[-1].candidates == 3
    assert await typist.ghost_text() == Offer(("lo",), 0.9)
    assert len(fake.requests) == 1


async def test_another_of_several_that_was_gone_along_with_is_not_asked_for_again(
    fake: FakeServer, session: Session
) -> None:
    fake.reply = Reply("lo(world)", alternatives=("p me(out)",))
    typist = Typist(session, "hel")
    assert await typist.ghost_text(Trigger.INVOKED) == Offer(("lo(world)", "p me(out)"), 0.9)
    typist.strike("p me")  # a key put it in
    await asyncio.sleep(0.1)
    assert await typist.ghost_text() == Offer(("(out)",), 0.9)
    assert len(fake.requests) == 1


class FakeNearby:
    """A work space whose lines always go on in the same way."""

    def __init__(self, text: str, confidence: float = 0.9) -> None:
        self.proposal = LineProposal(text, confidence)

    def is_secret(self, document: Document) -> bool:
        return document.uri.endswith(".env")

    def pieces(self, document: Document, place: Place, origin: Origin, budget: Budget) -> tuple[ContextPiece, ...]:
        return (ContextPiece(path="b.py", text="def hello(world):"),)

    def line(self, document: Document, place: Place, language: str) -> LineProposal:
        return self.proposal

    async def chosen(self, options: Sequence[Option], cursor: Cursor) -> list[Choice]:
        return choose(options, automatic=False)


async def test_a_model_that_is_too_slow_is_answered_for_by_a_line(fake: FakeServer, session: Session) -> None:
    hold = threading.Event()
    fake.reply = Reply("lo(world)", hold=hold)
    session.nearby = FakeNearby("lo(")
    await session.configure(settings_for(fake, deadline_ms=50))
    typist = Typist(session, "hel")
    assert await typist.ghost_text() == Offer(("lo(",), 1.0)
    hold.set()
    await until(lambda: session.under_way is False)
    assert await (await typist.type("l")) == Offer(("o(world)",), 0.9), "it goes on from what is on display"
    assert len(fake.requests) == 1


async def test_of_a_model_that_is_slow_the_lines_are_shown_that_it_has_finished(
    fake: FakeServer, session: Session
) -> None:
    hold = threading.Event()
    fake.reply = Reply("lo(a)\nlo(b)\nlo(c)", hold=hold)
    session.nearby = FakeNearby("")
    await session.configure(settings_for(fake, deadline_ms=50))
    typist = Typist(session, "hel")
    assert await typist.ghost_text() == Offer(("lo(a)\nlo(b)",), UNFINISHED)
    hold.set()
    await until(lambda: session.under_way is False)
    assert await (await typist.type("lo")) == Offer(("(a)\nlo(b)\nlo(c)",), 0.9), "the rest comes with the next key"
    assert len(fake.requests) == 1


async def test_a_late_answer_takes_nothing_away_that_is_on_display(fake: FakeServer, session: Session) -> None:
    hold = threading.Event()
    fake.reply = Reply("p me", hold=hold)
    session.nearby = FakeNearby("lo(")
    await session.configure(settings_for(fake, deadline_ms=50))
    typist = Typist(session, "hel")
    await typist.ghost_text()
    hold.set()
    await until(lambda: session.under_way is False)
    assert await typist.ghost_text() == Offer(("lo(",), 1.0)


async def test_without_a_server_the_lines_answer(session: Session) -> None:
    session.nearby = FakeNearby("lo(")
    await session.configure(Settings(server_url="http://127.0.0.1:9", debounce_ms=0))
    assert await Typist(session, "hel").ghost_text() == Offer(("lo(",), 1.0)


@pytest.mark.parametrize(
    ("proposers", "texts", "requests"),
    [("model", ("p me",), 1), ("lines", ("lo(",), 0), ("both", ("lo(",), 1)],
)
async def test_who_proposes_can_be_chosen(
    fake: FakeServer, session: Session, proposers: str, texts: tuple[str, ...], requests: int
) -> None:
    fake.reply = Reply("p me")
    session.nearby = FakeNearby("lo(", 0.95)
    await session.configure(settings_for(fake, proposers=proposers))
    offer = await Typist(session, "hel").ghost_text()
    assert offer and offer.texts == texts
    assert len(fake.requests) == requests


async def test_what_somebody_asked_for_by_hand_may_take_its_time(fake: FakeServer, session: Session) -> None:
    typist = Typist(session, "hel")
    await typist.ghost_text()
    await typist.ghost_text(Trigger.INVOKED)
    await session.configure(settings_for(fake, time_budget_ms=0))
    await typist.ghost_text()
    assert [request.time_budget_ms for request in fake.requests] == [1000, None, None]


async def test_pieces_of_other_files_go_with_the_request(fake: FakeServer, session: Session) -> None:
    session.nearby = FakeNearby("")
    await Typist(session, "hel").ghost_text()
    assert [piece.path for piece in fake.requests[-1].context] == ["b.py"]
    await session.configure(settings_for(fake, context=False))
    await Typist(session, "hel").ghost_text()
    assert fake.requests[-1].context == ()


async def test_nothing_of_a_secret_file_is_sent(fake: FakeServer, session: Session) -> None:
    session.nearby = FakeNearby("lo(")
    document = Document.of("file:///w/.env", "KEY = ")
    assert await session.complete(Cursor(document, Place(0, 6), Origin("text"), Trigger.INVOKED)) == NOTHING
    assert fake.requests == []

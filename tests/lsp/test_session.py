"""The session by itself, where what happens between two messages matters."""

import asyncio

from core.wire import Trigger
from lsp.availability import Status
from lsp.context import Origin
from lsp.documents import Document, Place
from lsp.session import Session
from lsp.settings import Settings
from tests.lsp.fake_server import FakeServer, Reply, running

DOCUMENT = Document.of("file:///a.py", "a")


async def propose(session: Session) -> str | None:
    return await session.complete(DOCUMENT, Place(0, 1), Origin("python"), Trigger.AUTOMATIC)


async def test_a_key_stroke_while_the_server_is_being_changed_asks_the_new_one() -> None:
    said: list[Status] = []
    with running(FakeServer(reply=Reply("old", hang=True))) as old, running(FakeServer(reply=Reply("new"))) as new:
        settings = Settings(server_url=old.url, debounce_ms=0)
        session = Session(settings, said.append, lambda _: None)
        hanging = asyncio.create_task(propose(session))
        while not old.requests:
            await asyncio.sleep(0.01)

        changing = asyncio.create_task(session.configure(settings.model_copy(update={"server_url": new.url})))
        await asyncio.sleep(0)
        assert await propose(session) == "new"

        await changing
        assert await hanging is None
        await session.close()
    assert {status.state for status in said} == {"ready"}
    assert len(old.requests) == len(new.requests) == 1

"""One editor session: from a place in a document to the text that is proposed there.

At most one request is under way: a newer one cancels it, down to the engine. What an earlier answer still proposes
costs no request. Trouble with the completion server
never leaves this module as an exception: it is announced once, and the server is asked again with back-off.
While a server cannot be reached or is starting, its health is asked in the background, so that key strokes cost
nothing and ghost text returns by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import RequestError, ServerUnreachableError, UnavailableError
from core.wire import CompletionRequest, CompletionResult, Health, ModelCard, Trigger
from lsp.availability import Availability, State, Status
from lsp.context import Budget, Origin, Wish, completion_request
from lsp.documents import Document, Place
from lsp.proposals import Proposals
from lsp.settings import Settings

if TYPE_CHECKING:
    from lsp.client import CompletionClient

SINGLE_LINE = {"auto": None, "always": True, "never": False}

logger = logging.getLogger(__name__)


class Session:
    """Proposes completions, and keeps watch over the server. Belongs to the event loop that it is used in.

    `announce` is told of each other state of the server, `report` of each request that it refused.
    """

    def __init__(self, settings: Settings, announce: Callable[[Status], None], report: Callable[[str], None]) -> None:
        self.settings = settings
        self.model: ModelCard | None = None
        self.availability = Availability(announce)
        self._announce = announce
        self._report = report
        self._id = uuid.uuid4().hex
        self._numbers = itertools.count(1)
        self._proposals = Proposals()
        self._client: CompletionClient | None = None
        self._flight: asyncio.Task[str | None] | None = None
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Get to know the server in the background, before the first key stroke needs it."""
        self._keep_watch()

    async def configure(self, settings: Settings) -> None:
        """Take other settings; another server is asked afresh."""
        client_changed = (settings.server_url, settings.timeout_s) != (
            self.settings.server_url,
            self.settings.timeout_s,
        )
        if settings != self.settings:
            self._proposals.clear()
        self.settings = settings
        if client_changed:
            self.model = None
            self.availability = Availability(self._announce)
            await self.close()
            self._keep_watch()

    async def close(self) -> None:
        """End what is under way, and close the connections; a request that comes meanwhile opens its own."""
        client, self._client = self._client, None
        tasks = [task for task in (self._flight, self._watch) if task and not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if client:
            await client.close()

    async def complete(self, document: Document, place: Place, origin: Origin, trigger: Trigger) -> str | None:
        """The text to propose at `place`; empty when there is none, `None` when a newer request took over."""
        if self._flight and not self._flight.done():
            self._flight.cancel()
        if not self.settings.enabled:
            return ""
        kept = self._proposals.find(document, place)
        if kept or (kept is not None and trigger is Trigger.AUTOMATIC):
            return kept
        self._flight = asyncio.create_task(self._proposal(document, place, origin, trigger))
        try:
            return await self._flight
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current and current.cancelling():
                raise  # the editor cancelled this very request
            return None

    async def _proposal(self, document: Document, place: Place, origin: Origin, trigger: Trigger) -> str:
        invoked = trigger is Trigger.INVOKED
        if not invoked:
            if self.availability.wait_s > 0:
                return ""
            await asyncio.sleep(self.settings.debounce_ms / 1000)
        wish = Wish(
            session_id=self._id,
            request_id=f"{self._id[:8]}-{next(self._numbers)}",
            trigger=trigger,
            max_new_tokens=self.settings.max_new_tokens,
            single_line=SINGLE_LINE[self.settings.single_line],
        )
        budget = Budget.for_model(self.model, wish.max_new_tokens)
        result = await self._answer(completion_request(document, place, origin, budget, wish))
        if result is None:
            return ""
        self._proposals.add(document, place, result.text)
        return result.text

    async def _answer(self, request: CompletionRequest) -> CompletionResult | None:
        try:
            client = await self._connected()
            async with asyncio.timeout(self.settings.timeout_s):
                result = await client.complete(request)
        except TimeoutError:
            detail = f"{self.settings.server_url} took longer than {self.settings.timeout_s:g} s"
            self.availability.failed(State.SLOW, detail)
        except RequestError as error:
            # The fault of this one request: the next one, of another document, may be well.
            if error.code != "superseded":
                self._report(f"the server refused a request: {error}")
        except UnavailableError as error:
            if error.code == "starting":
                self._troubled(State.STARTING, str(error), error.retry_after_s)
            else:
                self.availability.failed(State.FAILED, str(error), error.retry_after_s)
        except ServerUnreachableError as error:
            self._troubled(_state_of(error), str(error))
        except Exception as error:  # a mistake of this program, which is no reason to disturb the user's typing
            logger.exception("request %s failed", request.request_id)
            self.availability.failed(State.FAILED, f"{type(error).__name__}: {error}")
        else:
            self.availability.succeeded(self._ready_detail(result.model))
            if self.model is None or self.model.name != result.model:
                self._proposals.clear()
                self._keep_watch()
            return result
        return None

    def _troubled(self, state: State, detail: str, retry_after_s: float = 0.0) -> None:
        self.availability.failed(state, detail, retry_after_s)
        self._keep_watch()

    def _keep_watch(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_until_ready())

    async def _watch_until_ready(self) -> None:
        while True:
            await asyncio.sleep(self.availability.wait_s)
            try:
                health = await (await self._connected()).health()
            except ServerUnreachableError as error:
                self.availability.failed(_state_of(error), str(error))
                continue
            except Exception:
                logger.exception("the server's health could not be asked")
                return
            if self._learnt(health):
                return

    def _learnt(self, health: Health) -> bool:
        self.model = health.model or self.model
        if health.status == "ready":
            self.availability.succeeded(self._ready_detail(health.model.name if health.model else "a model"))
            return True
        state = State.STARTING if health.status == "starting" else State.FAILED
        self.availability.failed(state, f"{self.settings.server_url}: {health.detail}")
        return False

    def _ready_detail(self, model: str) -> str:
        return f"{model} at {self.settings.server_url}"

    async def _connected(self) -> CompletionClient:
        if self._client is None:
            # Importing httpx takes a tenth of a second: beside the event loop, and not before it is needed.
            client_class = await asyncio.to_thread(_client_class)
            if self._client is None:
                self._client = client_class(self.settings.server_url, self.settings.timeout_s)
        return self._client


def _client_class() -> type[CompletionClient]:
    from lsp.client import CompletionClient

    return CompletionClient


def _state_of(error: ServerUnreachableError) -> State:
    from lsp.client import ProtocolMismatchError

    return State.INCOMPATIBLE if isinstance(error, ProtocolMismatchError) else State.UNREACHABLE

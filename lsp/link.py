"""The link to the completion server: what is known of it, and one answer at a time.

Trouble with `answer` never leaves this module as an exception: it is announced once, and the server is asked again
with back-off. While a server cannot be reached or is starting, its health is asked in the background, so that key
strokes cost nothing and ghost text returns by itself.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from core.errors import RequestError, ServerUnreachableError, UnavailableError
from core.events import EventBatch, EventReceipt
from core.wire import CompletionRequest, CompletionResult, Health, ModelCard
from lsp.availability import Availability, State, Status
from lsp.credentials import Credentials
from lsp.settings import Settings

if TYPE_CHECKING:
    from lsp.client import CompletionClient

logger = logging.getLogger(__name__)

REFUSALS = (401, 403)
_IMPORTING = threading.Lock()
REFUSED_REST_S = 30.0
"""A server that refused the key is asked again after so long: by then there may be another key."""


class Link:
    """Asks the server that the settings name. Belongs to the event loop that it is used in.

    `announce` is told of each other state of the server, `report` of each request that it refused.
    """

    def __init__(self, settings: Settings, announce: Callable[[Status], None], report: Callable[[str], None]) -> None:
        self.model: ModelCard | None = None
        self._own_models: Mapping[str, ModelCard] = {}
        self._answered: set[str] = set()
        self.availability = Availability(announce)
        self._settings = settings
        self._announce = announce
        self._report = report
        self._client: CompletionClient | None = None
        self._watch: asyncio.Task[None] | None = None

    async def configure(self, settings: Settings) -> None:
        """Take other settings; another server is asked afresh."""
        before, self._settings = self._settings, settings
        if _connection(settings) != _connection(before):
            self.model, self._own_models = None, {}
            self._answered.clear()
            self.availability = Availability(self._announce)
            await self.close()
            self.watch()

    async def close(self) -> None:
        """Close the connections; a request that comes meanwhile opens its own."""
        client, self._client = self._client, None
        watch, self._watch = self._watch, None
        if watch:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        if client:
            await client.close()

    def model_for(self, language: str) -> ModelCard | None:
        """The model that answers in a language, as far as it is known."""
        return self._own_models.get(language, self.model)

    def retry(self) -> None:
        """Ask again without waiting: there is a new key, or another reason to hope."""
        self.availability.rested()
        self.watch()

    def watch(self) -> None:
        """Ask for the server's health in the background until it is ready."""
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_until_ready())

    async def answer(self, request: CompletionRequest, said: Callable[[str], None]) -> CompletionResult | None:
        """The answer to a request, `None` in trouble; `said` is told the model's words as they come."""
        url, timeout_s = self._settings.server_url, self._settings.timeout_s
        try:
            client = await self.connected()
            async with asyncio.timeout(timeout_s):
                result = await client.complete(request, said)
        except TimeoutError:
            self._silent(State.SLOW, f"{url} took longer than {timeout_s:g} s", by_answer=True)
        except RequestError as error:
            if error.status in REFUSALS:
                self.availability.failed(State.REFUSED, f"{url}: {error}", REFUSED_REST_S, by_answer=True)
            # Else the fault of this one request: the next one, of another document, may be well.
            elif error.code != "superseded":
                self._report(f"the server refused a request: {error}")
        except UnavailableError as error:
            if error.code == "starting":
                self.availability.failed(State.STARTING, str(error), error.retry_after_s)
                self.watch()
            else:
                state = State.SLOW if error.code == "busy" else State.FAILED
                self.availability.failed(state, str(error), error.retry_after_s, by_answer=True)
        except ServerUnreachableError as error:
            self._unreached(error, by_answer=True)
            self.watch()
        except Exception as error:  # a mistake of this program, which is no reason to disturb the user's typing
            logger.exception("request %s failed", request.request_id)
            self.availability.failed(State.FAILED, f"{type(error).__name__}: {error}", by_answer=True)
        else:
            self.availability.succeeded(self._ready_detail(result.model), result.model)
            if result.model not in self._answered:
                self._answered.add(result.model)  # once: a user may be among those who try out another one
                expected = self.model_for(request.language)
                if expected is None or expected.name != result.model:
                    self.watch()
            return result
        return None

    async def tell(self, batch: EventBatch) -> EventReceipt:
        """Tell the server what became of proposals; trouble with that is the caller's, and no trouble of the server's.

        Raises what `CompletionClient.tell` raises.
        """
        return await (await self.connected()).tell(batch)

    def _unreached(self, error: ServerUnreachableError, *, by_answer: bool = False) -> None:
        from lsp.client import NoAnswerError, NotInProtocolError, ProtocolMismatchError

        if isinstance(error, NoAnswerError):
            self._silent(State.UNREACHABLE, str(error), by_answer=by_answer)
        else:
            state = State.INCOMPATIBLE if isinstance(error, ProtocolMismatchError) else State.UNREACHABLE
            # One that was not connected to is well again when its health is.
            self.availability.failed(state, str(error), by_answer=by_answer and isinstance(error, NotInProtocolError))

    def _silent(self, state: State, detail: str, *, by_answer: bool) -> None:
        """Nothing came in time: one trouble, be it the server's health or an answer that was waited for."""
        now = self.availability.status.state
        state = now if now in (State.SLOW, State.UNREACHABLE) else state
        self.availability.failed(state, detail, by_answer=by_answer)

    async def _watch_until_ready(self) -> None:
        while True:
            await asyncio.sleep(self.availability.wait_s)
            try:
                health = await (await self.connected()).health()
            except ServerUnreachableError as error:
                self._unreached(error)
                continue
            except Exception:
                logger.exception("the server's health could not be asked")
                return
            if self._learnt(health):
                return

    def _learnt(self, health: Health) -> bool:
        self.model = health.model or self.model
        self._own_models = health.languages
        if health.status == "ready":
            known = [card.name for card in (health.model, *health.languages.values()) if card]
            answering = self.availability.status.model
            model = answering if answering in known else next(iter(known), None)
            self.availability.healthy(self._ready_detail(model or "a model"), model)
            return True
        state = State.STARTING if health.status == "starting" else State.FAILED
        self.availability.failed(state, f"{self._settings.server_url}: {health.detail}")
        return False

    def _ready_detail(self, model: str) -> str:
        return f"{model} at {self._settings.server_url}"

    async def connected(self) -> CompletionClient:
        """The client, for who asks once and takes trouble as it comes. Raises `ServerUnreachableError`."""
        if self._client is None:
            # Importing httpx takes a tenth of a second: beside the event loop, and not before it is needed.
            client_class = await asyncio.to_thread(_client_class)
            if self._client is None:
                settings = self._settings
                credentials = Credentials(settings.server_url, settings.api_key_file)
                self._client = client_class(settings.server_url, settings.timeout_s, credentials)
        return self._client


def _connection(settings: Settings) -> tuple[object, ...]:
    return settings.server_url, settings.timeout_s, settings.api_key_file


def _client_class() -> type[CompletionClient]:
    with _IMPORTING:
        if "httpx" not in sys.modules:
            # It imports its own command line where it can, and rich with it: 5 MB and 50 ms that nobody here needs.
            sys.modules["httpx._main"] = None  # type: ignore[assignment]
            importlib.import_module("httpx")
            del sys.modules["httpx._main"]
    from lsp.client import CompletionClient

    return CompletionClient

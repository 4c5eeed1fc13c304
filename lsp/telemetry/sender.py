"""Events wait here, and go out in batches.

Guarantees: `add` costs microseconds and never fails; what waits is bounded, the oldest goes first; an event is sent
until the server says that it has it, and the server counts it once; a server that is away is left alone, longer each
time; one that keeps no telemetry is asked no more.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from core.errors import RequestError, ServerUnreachableError, UnavailableError
from core.events import OLDEST_S, Event, EventBatch, EventReceipt, Offered

MOST_WAITING = 2000
MOST_AT_ONCE = 100
MOST_CHARACTERS = 100_000
"""Of code in one batch, where the user consented to any."""
EVERY_S = 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 300.0
LAST_CHANCE_S = 1.0
"""How long the end of the editor's session waits for the last batch."""

logger = logging.getLogger(__name__)

Tell = Callable[[EventBatch], Awaitable[EventReceipt]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    event: Event
    happened_s: float


class Sender:
    """Sends with `tell`. Belongs to the event loop that it is used in."""

    def __init__(self, tell: Tell, *, clock: Callable[[], float] = time.monotonic, every_s: float = EVERY_S) -> None:
        self._tell = tell
        self._clock = clock
        self._every_s = every_s
        self._waiting: deque[_Waiting] = deque(maxlen=MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._wait_s = FIRST_WAIT_S
        self._wants_text = False
        self._stopped = False

    def add(self, event: Event, happened_s: float) -> None:
        """Have an event sent that happened at a time of the clock."""
        if self._stopped:
            return
        self._waiting.append(_Waiting(event, happened_s))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send_all())

    def forget(self) -> None:
        """Drop what waits, and begin anew: another server, or the user wants no telemetry any more."""
        self._waiting.clear()
        self._stopped = self._wants_text = False
        self._wait_s = FIRST_WAIT_S
        if self._task:
            self._task.cancel()

    async def close(self, limit_s: float = LAST_CHANCE_S) -> None:
        """Send what waits, if that can be done within the limit; what comes later is dropped."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._waiting and await self._send_some() is None:
                    pass
        self._stopped = True

    async def _send_all(self) -> None:
        pause_s = self._every_s
        while self._waiting:
            await asyncio.sleep(pause_s)
            wait_s = await self._send_some()
            if wait_s is None:
                self._wait_s = FIRST_WAIT_S
                pause_s = self._every_s if len(self._waiting) < MOST_AT_ONCE else 0.0
            else:
                pause_s = max(wait_s, self._wait_s) * random.uniform(1.0, 1.5)  # noqa: S311 - so that not all come at once
                self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    async def _send_some(self) -> float | None:
        """Send a batch; `None` where it went well, or can never go, else the seconds that the server wants to wait."""
        batch = self._batch()
        try:
            receipt = await self._tell(EventBatch(events=tuple(map(self._aged, batch))))
        except RequestError as error:
            if error.status in (401, 403):
                return LONGEST_WAIT_S
            if error.status == 404:
                self._stopped = True
                self._waiting.clear()
            else:
                logger.warning("the server does not take events: %s", error)
                self._drop(batch)
        except UnavailableError as error:
            return error.retry_after_s
        except ServerUnreachableError:
            return 0.0
        except Exception:  # a mistake of this program, which must not be repeated for ever
            logger.exception("events could not be sent")
            self._drop(batch)
        else:
            self._wants_text = receipt.text
            self._drop(batch)
        return None

    def _batch(self) -> list[_Waiting]:
        oldest_s = self._clock() - OLDEST_S
        while self._waiting and self._waiting[0].happened_s <= oldest_s:
            self._waiting.popleft()
        batch: list[_Waiting] = []
        characters = 0
        for each in self._waiting:
            characters += len(each.event.text or "") if isinstance(each.event, Offered) else 0
            if len(batch) == MOST_AT_ONCE or (batch and characters > MOST_CHARACTERS):
                break
            batch.append(each)
        return batch

    def _aged(self, waiting: _Waiting) -> Event:
        changes: dict[str, object] = {"age_s": max(self._clock() - waiting.happened_s, 0.0)}
        if not self._wants_text and isinstance(waiting.event, Offered):
            changes["text"] = None
        return waiting.event.model_copy(update=changes)

    def _drop(self, batch: list[_Waiting]) -> None:
        """What a full queue has pushed out meanwhile is not there any more."""
        sent = {each.event.id for each in batch}
        while self._waiting and self._waiting[0].event.id in sent:
            self._waiting.popleft()

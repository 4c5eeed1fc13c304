"""Simulated developers who type before a server, as many as one likes, from one process.

Each types on in the middle of a file of Python's standard library, in the rhythm of the replay's typist, and asks as
the language server does: a key along what is shown costs no request; a request under way is kept while one types on,
and asked anew only where its answer does not fit what was typed meanwhile; a whole line that is right is taken at
once; after a refusal nothing is sent until `Retry-After` is over. Raw sockets, so that the client's own work stays
small; it is measured all the same.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.workload import PREFIX_CHARACTERS, SUFFIX_CHARACTERS, Place, places
from core.wire import CompletionRequest
from evaluation.replay.rhythm import Rhythm, interval_s

MAX_NEW_TOKENS = 64
TIME_BUDGET_MS = 1000
_LEAST_TAKEN = 4
"""A right line of fewer characters is typed rather than taken."""


@dataclass
class Tally:
    """What came of all requests in a span of time. Times are in milliseconds, from the key to the whole answer.

    `fitting` is how many answers agreed with what was typed while they were made; `refused_ms` is how long a refusal
    took; `others` counts what should not be, by what it was.
    """

    keys: int = 0
    asked: int = 0
    fitting: int = 0
    answered_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    @property
    def refused_share(self) -> float:
        """Of the requests that came to an end."""
        ended = len(self.answered_ms) + len(self.refused_ms)
        return len(self.refused_ms) / ended if ended else 0.0


class Developers:
    """`count` developers, typing from `start` until `stop`. `tally` may be replaced at any time by an empty one."""

    def __init__(self, port: int, count: int, seed: int = 1) -> None:
        self.tally = Tally()
        self._port = port
        self._places = list(places(count, seed))
        self._seed = seed
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Let them begin, within some seconds of each other."""
        for number, place in enumerate(self._places):
            developer = _Developer(self, self._port, place, f"{self._seed}-{number}")
            self._tasks.append(asyncio.ensure_future(developer.run()))
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """End them all. Raises what one of them raised."""
        done = [task for task in self._tasks if task.done()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in done:
            task.result()


class _Developer:
    def __init__(self, team: Developers, port: int, place: Place, name: str) -> None:
        self._team = team
        self._port = port
        self._place = place
        self._name = name
        self._rng = random.Random(name)
        self._rhythm = Rhythm()
        self._cursor = place.start
        self._shown = ""
        self._asking: asyncio.Task[None] | None = None
        self._leave_alone_until = 0.0
        self._number = 0

    async def run(self) -> None:
        text = self._place.text
        await asyncio.sleep(self._rng.uniform(0, 5))
        try:
            while True:
                if self._cursor >= len(text) - 2 * SUFFIX_CHARACTERS:
                    self._cursor = self._place.start
                await asyncio.sleep(self._pause_s(text[self._cursor - 1]))
                self._team.tally.keys += 1
                key = text[self._cursor]
                self._shown = self._shown[1:] if self._shown.startswith(key) else ""
                self._cursor += 1
                line = self._shown.split("\n", 1)[0]
                if len(line) >= _LEAST_TAKEN and text.startswith(line, self._cursor):
                    self._cursor, self._shown = self._cursor + len(line), ""
                if not self._shown and (self._asking is None or self._asking.done()):
                    self._asking = asyncio.ensure_future(self._ask())
        finally:
            if self._asking is not None:
                self._asking.cancel()
                await asyncio.gather(self._asking, return_exceptions=True)

    def _pause_s(self, last: str) -> float:
        rhythm, pause = self._rhythm, interval_s(self._rng, self._rhythm.key_ms, self._rhythm.spread)
        if last == "\n":
            pause += interval_s(self._rng, rhythm.line_ms, rhythm.pause_spread)
            if self._rng.random() < rhythm.thinking:
                pause += interval_s(self._rng, rhythm.think_ms, rhythm.pause_spread)
        return pause

    async def _ask(self) -> None:
        """Ask until an answer fits what was typed meanwhile."""
        while time.monotonic() >= self._leave_alone_until:
            asked_at = self._cursor
            self._team.tally.asked += 1
            answer = await self._answer(self._request(asked_at), time.perf_counter())
            if answer is None:
                return
            typed = self._place.text[asked_at : self._cursor]
            if answer.startswith(typed):
                self._team.tally.fitting += 1
                self._shown = answer.removeprefix(typed)
                return

    def _request(self, cursor: int) -> bytes:
        text, start = self._place.text, self._place.start
        line_end = text.find("\n", cursor)
        self._number += 1
        head = start + (cursor - start) // PREFIX_CHARACTERS * PREFIX_CHARACTERS - PREFIX_CHARACTERS
        body = CompletionRequest(
            request_id=f"{self._name}-{self._number}",
            session_id=self._name,
            language="python",
            path=self._place.name,
            prefix=text[max(head, 0) : cursor],
            suffix=text[line_end : line_end + SUFFIX_CHARACTERS],
            max_new_tokens=MAX_NEW_TOKENS,
            time_budget_ms=TIME_BUDGET_MS,
        ).model_dump_json(exclude_defaults=True)
        lines = ("POST /api/v1/complete HTTP/1.1", f"host: 127.0.0.1:{self._port}", "connection: close")
        more = ("content-type: application/json", f"content-length: {len(body.encode())}")
        return ("\r\n".join((*lines, *more)) + "\r\n\r\n" + body).encode()

    async def _answer(self, request: bytes, began: float) -> str | None:
        """The text of an answer, on a connection of its own; `None`: there is none."""
        tally = self._team.tally
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            tally.others[f"cannot connect: {error.strerror}"] += 1
            return None
        try:
            writer.write(request)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        except OSError as error:
            tally.others[f"connection lost: {error.strerror}"] += 1
            return None
        finally:
            writer.close()
        took_ms = (time.perf_counter() - began) * 1e3
        status = head[9:12].decode("latin-1")
        if status == "200":
            tally.answered_ms.append(took_ms)
            return str(json.loads(body)["text"])
        problem = json.loads(body) if body.startswith(b"{") else {}
        self._leave_alone_until = time.monotonic() + float(problem.get("retry_after_s") or 0.0)
        code = str(problem.get("code", ""))
        if code == "busy":
            tally.refused_ms.append(took_ms)
        else:
            tally.others[f"HTTP {status or 'nothing'} {code}".strip()] += 1
        return None

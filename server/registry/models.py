"""The models that this server serves, which one a request goes to, and changing that while requests come.

Guarantees: a change is whole or not at all, and a model that does not manage its smoke prompts or that its gate did
not let pass changes nothing; what was in service before a change answers what it has begun and what was already on
its way to it, and stays loaded for a while, so that going back is immediate. One change at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.errors import CheckpointError, UnknownNameError, VernacularError
from core.wire import ModelCard
from server.access.identity import Identity
from server.registry.audit import Audit
from server.registry.canaries import gets_candidate
from server.registry.models_file import ModelEntry, ModelsFile
from server.registry.verification import Verification, check_patterns
from server.service import Adapted, Served, Service

log = logging.getLogger("vernacular.registry")

Maker = Callable[[str, ModelEntry], Service]
"""From a model's name and entry to its service, checked as far as takes milliseconds, not started."""

_ROUTED_S = 1.0
"""A request that was routed to a model begins there within this time, however much the server has to do."""


@dataclass(slots=True)
class _Live:
    """A service and the task that runs it."""

    entry: ModelEntry
    service: Service
    task: asyncio.Task[None]


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds: how long an old model stays loaded after a change at least, and how long it may finish at most."""

    keep_s: float = 60.0
    drain_s: float = 600.0


class Models:
    """See the module. Nothing is started before `run`."""

    def __init__(
        self,
        file: ModelsFile,
        make: Maker,
        *,
        verification: Verification | None = None,
        audit: Audit | None = None,
        times: Times | None = None,
    ) -> None:
        self._make = make
        self._verification = verification or Verification()
        self._audit = audit or Audit()
        self._times = times or Times()
        self._file = file
        self._services = {name: self._made(name, entry) for name, entry in file.models.items()}
        self._served = _served(file, self._services)
        self._live: dict[str, _Live] = {}
        self._previous: dict[str, ModelEntry] = {}
        self._old: dict[str, _Live] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()

    @property
    def file(self) -> ModelsFile:
        """What is in force."""
        return self._file

    @property
    def default(self) -> Served:
        """What `/health` speaks of."""
        return self._served[self._file.first]

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a client may choose by, the default's first."""
        return (self._file.first, *(name for name in self._served if name != self._file.first))

    @property
    def previous(self) -> Mapping[str, ModelEntry]:
        """What models with a change behind them were before it."""
        return self._previous

    def named(self, name: str) -> Served:
        """What is served under that name. Raises `UnknownNameError`."""
        if name not in self._served:
            raise UnknownNameError("model", name, self._served)
        return self._served[name]

    def route(self, language: str, identity: Identity) -> Served:
        """What answers this identity in this language. It may not be ready."""
        return self._served[self.target(language, identity)]

    def target(self, language: str, identity: Identity) -> str:
        """The name of what `route` gives; the same for one user as long as nothing is changed."""
        canary = self._file.canaries.get(language)
        if canary is not None and gets_candidate(language, canary, identity.user):
            return canary.candidate
        return self._file.languages.get(language, self._file.first)

    def language_cards(self) -> dict[str, ModelCard]:
        """The cards of the models that languages have of their own, as far as they are known; canaries left out."""
        cards = {language: self._served[name].card for language, name in self._file.languages.items()}
        return {language: card for language, card in cards.items() if card is not None}

    def shown_name(self, target: str) -> str:
        """The name under which a target's answers are known to clients."""
        card = self._served[target].card
        return card.name if card else target

    async def run(self) -> None:
        """Run every model until cancelled. Raises `CheckpointError` where one can never be served."""
        self._live = {name: self._begun(self._file.models[name], service) for name, service in self._services.items()}
        try:
            for name, live in self._live.items():
                await self._verification.check_gate(name, live.entry)
            while True:
                tasks = {live.task for live in self._live.values()}
                await asyncio.wait(tasks, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                for live in tuple(self._live.values()):
                    if live.task.done():
                        live.task.result()  # which raises
        finally:
            for retiring in self._retiring:
                retiring.cancel()
            await _ended((*self._live.values(), *self._old.values()))

    async def apply(self, file: ModelsFile, who: str, before_use: Callable[[], None] = lambda: None) -> list[str]:
        """Put `file` in force; what changed, in words.

        `before_use` is called when everything is verified and nothing changed yet; what it raises stops the change.
        Raises `VernacularError`, after which everything is as it was.
        """
        async with self._changing:
            changes = _differences(self._file, file)
            try:
                started = await self._started(file)
                try:
                    before_use()
                except BaseException:
                    await _ended(started.values())
                    raise
            except VernacularError as error:
                self._audit.line(who, "; ".join(changes) or "nothing", "refused", str(error))
                raise
            self._switch(file, started)
            for change in changes:
                self._audit.line(who, change, "done")
            return changes

    def drain(self, name: str, replica: str, who: str, *, draining: bool) -> str:
        """Give a replica of a model's engine no new jobs, or jobs again; in words. Raises `UnknownNameError`."""
        engine = self.named(name).engine
        if engine is None:
            raise UnknownNameError("replica", replica, ())
        engine.drain(replica, draining)
        change = f"replica {replica} of {name} {'gets no new jobs' if draining else 'gets jobs again'}"
        self._audit.line(who, change, "done")
        return change

    def _made(self, name: str, entry: ModelEntry) -> Service:
        check_patterns(entry)
        return self._make(name, entry)

    def _begun(self, entry: ModelEntry, service: Service) -> _Live:
        return _Live(entry, service, asyncio.ensure_future(service.run()))

    async def _started(self, file: ModelsFile) -> dict[str, _Live]:
        """What `file` has and does not run yet, ready and verified."""
        started: dict[str, _Live] = {}
        try:
            for name, entry in file.models.items():
                if name in self._live and self._live[name].entry == entry:
                    continue
                old = self._old.get(name)
                if old is not None and old.entry == entry and not old.task.done():
                    started[name] = old  # still loaded: going back is immediate
                    continue
                await self._verification.check_gate(name, entry)
                started[name] = self._begun(entry, await asyncio.to_thread(self._made, name, entry))
                await self._verified(name, started[name])
        except BaseException:
            await _ended(live for live in started.values() if live not in self._old.values())
            raise
        return started

    async def _verified(self, name: str, live: _Live) -> None:
        served = [live.service, *_adapted(name, live.entry, live.service).values()]
        checking = asyncio.ensure_future(self._verification.check_answers(name, live.service, served, live.entry))
        try:
            await asyncio.wait((checking, live.task), return_when=asyncio.FIRST_COMPLETED)
            if not checking.done():
                live.task.result()  # which raises
                raise CheckpointError(f"model {name} ended before it was ready")
            checking.result()
        finally:
            checking.cancel()

    def _switch(self, file: ModelsFile, started: dict[str, _Live]) -> None:
        """From one request to the next. Never waits."""
        taken_out = {name: live for name, live in self._live.items() if name in started or name not in file.models}
        self._live = {name: started.get(name) or self._live[name] for name in file.models}
        self._served = _served(file, {name: live.service for name, live in self._live.items()})
        self._file = file
        for name, live in taken_out.items():
            self._previous[name] = live.entry
            self._old[name] = live
            retiring = asyncio.ensure_future(self._retire(name, live))
            self._retiring.add(retiring)
            retiring.add_done_callback(self._retiring.discard)

    async def _retire(self, name: str, live: _Live) -> None:
        """Let a model go once it is no longer needed; it stays where it was put back in service meanwhile."""
        await asyncio.sleep(self._times.keep_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._times.drain_s):
                await asyncio.sleep(_ROUTED_S)
                await live.service.admission.idle()
        async with self._changing:
            if self._live.get(name) is live:
                return
            await _ended([live])
            if self._old.get(name) is live:
                del self._old[name]
        log.info("model %s: what served before is unloaded", name)


async def _ended(lives: Iterable[_Live]) -> None:
    """Cancel the tasks, once each, and wait until they are done."""
    tasks = {live.task for live in lives}
    for task in tasks:
        if not task.cancelling():
            task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _adapted(name: str, entry: ModelEntry, service: Service) -> dict[str, Served]:
    return {
        f"{name}/{adapter}": Adapted(service, f"{name}/{adapter}", folder) for adapter, folder in entry.adapters.items()
    }


def _served(file: ModelsFile, services: Mapping[str, Service]) -> dict[str, Served]:
    served: dict[str, Served] = dict(services)
    for name, entry in file.models.items():
        served |= _adapted(name, entry, services[name])
    return served


def _differences(before: ModelsFile, after: ModelsFile) -> list[str]:
    """What is another in `after`, in words."""
    found = [f"model {name} taken out" for name in before.models if name not in after.models]
    for name, entry in after.models.items():
        old = before.models.get(name)
        if old is None:
            found.append(f"model {name} added ({_what(entry)})")
        elif old != entry:
            found.append(f"model {name} changed ({_what(old)} -> {_what(entry)})")
    if before.first != after.first:
        found.append(f"default {before.first} -> {after.first}")
    for language in sorted(before.languages.keys() | after.languages.keys()):
        was, now = before.languages.get(language), after.languages.get(language)
        if was != now:
            found.append(f"language {language}: {was or 'default'} -> {now or 'default'}")
    for language in sorted(before.canaries.keys() | after.canaries.keys()):
        old_canary, new_canary = before.canaries.get(language), after.canaries.get(language)
        if old_canary != new_canary:
            words = f"{new_canary.candidate} for {new_canary.share:.0%} of the users" if new_canary else "none"
            found.append(f"canary for {language}: {words}")
    return found


def _what(entry: ModelEntry) -> str:
    adapters = f", adapters {', '.join(entry.adapters)}" if entry.adapters else ""
    return f"{'the embedded model' if entry.embedded else entry.checkpoint}{adapters}"

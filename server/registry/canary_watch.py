"""Looks at what became of the proposals of both sides of each canary, and promotes or rolls back where it is sure.

Guarantee: a canary that cannot be looked at, because there is no telemetry or its database is away, goes on as it is.
Instances that share a database see the same figures, and come to the same decision each by itself.
"""

from __future__ import annotations

import asyncio
import logging
import time

from core.errors import VernacularError
from server.registry.edits import promotion, withdrawal
from server.registry.sequential import Decision, decide
from server.registry.store import ModelsStore
from server.telemetry.collector import Telemetry

log = logging.getLogger("vernacular.registry")

LOOK_S = 60.0
WHO = "canary"


class CanaryWatch:
    """`decisions`: language -> what the newest look said."""

    def __init__(self, store: ModelsStore, telemetry: Telemetry | None, look_s: float = LOOK_S) -> None:
        self.decisions: dict[str, Decision] = {}
        self._store = store
        self._telemetry = telemetry
        self._look_s = look_s
        self._began_s = time.time()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._look_s)

    async def look(self) -> None:
        """Look at every canary once, and do what is to be done."""
        file = self._store.models.file
        self.decisions = {language: each for language, each in self.decisions.items() if language in file.canaries}
        for language, policy in file.canaries.items():
            try:
                self.decisions[language] = decision = await self._decision(language)
                if policy.decide == "automatically" and decision.action != "wait":
                    edit = promotion(language) if decision.action == "promote" else withdrawal(language)
                    await self._store.change(edit, f"{WHO}: {decision.action}, {decision.why}")
            except VernacularError as error:
                log.warning("the canary for %s goes on as it is: %s", language, error)
                self.decisions[language] = Decision("wait", str(error))

    async def _decision(self, language: str) -> Decision:
        file = self._store.models.file
        policy = file.canaries[language]
        if self._telemetry is None:
            return Decision("wait", "this server keeps no telemetry, so nothing can be compared; decide by hand")
        since = policy.since_s(self._began_s)
        incumbent = file.languages.get(language, file.first)
        sides = [
            await self._telemetry.by_user(language, self._store.models.shown_name(target), since)
            for target in (policy.candidate, incumbent)
        ]
        return decide(policy, *sides)

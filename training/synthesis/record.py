"""What a synthesis did: how many came in, fell out by each filter and stay; and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from pydantic import Field

from training.settings import SettingsModel
from training.synthesis.settings import Prices


class Yield(SettingsModel):
    """Of one method. What came in is what fell out and what stays."""

    came: int = Field(description="items: answers, functions, topics or tasks", ge=0)
    fell: dict[str, int] = Field(description="filter -> how many it took out, in the filters' order")
    stay: int = Field(description="conversations that are written", ge=0)


class Costs(SettingsModel):
    """Of one method, all sessions together."""

    requests: int = Field(default=0, description="answers that were asked for", ge=0)
    input_tokens: int = Field(default=0, description="of prompts", ge=0)
    output_tokens: int = Field(default=0, description="of answers", ge=0)
    asked_s: float = Field(default=0.0, description="seconds of all requests, those side by side added up", ge=0)
    executed_s: float = Field(default=0.0, description="wall time of all executions, added up in the same way", ge=0)
    money: float | None = Field(default=None, description="by the recipe's prices")

    def plus(self, other: Costs) -> Costs:
        """Both together; money is reckoned from the sum."""
        return Costs(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            asked_s=self.asked_s + other.asked_s,
            executed_s=self.executed_s + other.executed_s,
        )

    def priced(self, prices: Prices | None) -> Costs:
        """The same, with what it cost."""
        if prices is None:
            return self
        money = (self.input_tokens * prices.input + self.output_tokens * prices.output) / 1e6
        return self.model_copy(update={"money": money})


class Record(SettingsModel):
    """The whole of `synthesis.json`."""

    format: int = Field(default=1, description="version of this format")
    name: str = Field(description="name of the data")
    model: str = Field(description="who was asked; empty: nobody")
    methods: dict[str, Yield] = Field(description="method -> its yield")
    costs: dict[str, Costs] = Field(description="method -> what it cost")
    contaminated: dict[str, str] = Field(description="task that was left out -> which benchmark's task it holds")
    train: int = Field(description="conversations to train on", ge=0)
    held_out: int = Field(description="conversations to measure on", ge=0)
    tasks: int = Field(description="new tasks", ge=0)
    settings: dict[str, object] = Field(description="the recipe")
    provenance: dict[str, object] = Field(description="date, machine, versions")


def yielded(came: int, fell: Iterable[Mapping[str, int]]) -> Yield:
    """The yield of filters that were applied one after the other."""
    total: Counter[str] = Counter()
    for part in fell:
        total.update({name: number for name, number in part.items() if number})
    return Yield(came=came, fell=dict(total), stay=came - total.total())

"""What a method is: from a workshop to pairs. Most go through items one by one; `Attempt` is an item's way.

Of such a method each answer and each item's fate is kept in a journal as it comes, under a key of all that decides
it: recipes may change, and only what the change concerns is asked and run again.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import Field, JsonValue

from completion.asking.words import introduction
from core.cores import usable_cores
from core.errors import RequestError
from core.language_files import LanguageRegistry
from core.languages import LanguageSpec
from core.sandbox import Sandbox
from evaluation.models.base import Chat, Drawing, Message, Model
from evaluation.running.judging import Judge
from evaluation.running.runner import first_problem
from evaluation.tasks import Scoring, Task
from evaluation.verdicts import Judged, Verdict
from training.corpora.show import Show
from training.settings import SettingsModel
from training.synthesis.filters import CONTAMINATED, KeptOut
from training.synthesis.journal import Journal, key_of
from training.synthesis.pairs import Pair
from training.synthesis.record import Costs
from training.synthesis.settings import Synthesis, SynthesisError

VERSION = 1
"""Rises when the same recipe and answers give other pairs: what journals hold is then done again."""
NO_CODE, REFUSED = "no_code", "refused"
_SEEDS = 2**31
_ASKED = {"temperature", "max_new_tokens", "seed"}
_OF_ITEMS = {"corpus", "languages", "limit", "count", "topics", "changes", "tasks", "made", "per_task"}
"""Keys of methods that say which items there are, and nothing of what becomes of one."""
_Result = TypeVar("_Result")


@dataclass(slots=True)
class Made:
    """Pairs, how many items came in, how many of them are none and why, and what they cost."""

    pairs: list[Pair] = field(default_factory=list)
    came: int = 0
    fell: Counter[str] = field(default_factory=Counter)
    costs: Costs = field(default_factory=Costs)
    contaminated: dict[str, str] = field(default_factory=dict)
    """Tasks that nobody was shown -> which benchmark's task they hold."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What methods work with. `folder` is for all of them; `earlier` has what the methods before this one made."""

    settings: Synthesis
    languages: LanguageRegistry
    model: Model | None
    show: Show
    open_box: Callable[[str], Sandbox]
    folder: Path
    earlier: Mapping[str, Made]
    kept_out: KeptOut


class Method(ABC):
    """One way to make pairs."""

    name: ClassVar[str]

    @abstractmethod
    async def run(self, workshop: Workshop) -> Made:
        """All of its pairs, in an order that depends on the recipe alone. Raises `VernacularError`."""


class Item(SettingsModel):
    """What a pair is made of."""

    groups: tuple[str, ...] = Field(description="as a pair's", min_length=1)
    language: str = Field(description="name of a language file")
    tasks: tuple[Task, ...] = Field(default=(), description="tasks that it begins with")
    topic: str = Field(default="", description="what it is about, or how the task is changed")
    number: int = Field(default=0, description="tells items apart that are the same otherwise")


class DroppedError(Exception):
    """An item gives no pair. `reason` is one stable word, `said` what the model said, where that is the reason."""

    def __init__(self, reason: str, said: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = said


class _Fate(SettingsModel):
    pair: Pair | None = None
    reason: str = ""
    said: str = ""
    costs: Costs = Costs()


class Attempt:
    """One item's way: whom it asks, what it runs, what that costs. Used by one task of the event loop."""

    def __init__(
        self, item: Item, key: str, workshop: Workshop, judge: Judge, answers: Journal, pool: ThreadPoolExecutor
    ) -> None:
        self.item = item
        self.key = key
        self.language: LanguageSpec = workshop.languages.named(item.language)
        self.costs = Costs()
        self._workshop = workshop
        self._judge = judge
        self._answers = answers
        self._pool = pool

    @property
    def settings(self) -> Synthesis:
        """The recipe."""
        return self._workshop.settings

    async def ask(self, question: str) -> str:
        """What the model says to a question about the item's language, without what it thought."""
        said = await self.answer(Chat((Message("system", introduction(self.language)), Message("user", question))))
        return said.replace("\r\n", "\n").rpartition("</think>")[2].strip()

    async def answer(self, prompt: Chat, number: int = 0) -> str:
        """What the model says; `number` tells answers to the same prompt apart.

        Raises `DroppedError` for a prompt that it refuses, and what else `Model.ask` raises.
        """
        settings, model = self._workshop.settings, self._workshop.model
        assert model is not None
        messages: list[JsonValue] = [[message.role, message.text] for message in prompt.messages]
        key = key_of(self.key, messages, number)
        found = self._answers.get(key)
        if not isinstance(found, dict):
            greedy = settings.temperature == 0
            drawing = Drawing(
                max_new_tokens=settings.max_new_tokens,
                temperature=settings.temperature,
                seed=None if greedy else int(key, 16) % _SEEDS,
            )
            try:
                reply = await model.ask(prompt, drawing)
            except RequestError as problem:
                raise DroppedError(REFUSED, str(problem)) from None
            found = {"text": reply.text, "in": reply.prompt_tokens, "out": reply.new_tokens, "s": reply.total_ms / 1e3}
            self._answers.add(key, found)
        cost = {"requests": 1, "input_tokens": found["in"], "output_tokens": found["out"], "asked_s": found["s"]}
        self.costs = self.costs.plus(Costs.model_validate(cost))
        return str(found["text"])

    async def judged(self, task: Task, completion: str | None, program: str) -> Judged:
        """The verdict on a program. Raises `SandboxError`."""
        decision = await self._executed(lambda: self._judge.decide(task, completion, program))
        self.costs = self.costs.plus(Costs(executed_s=decision.executed_ms / 1e3))
        return decision.judged

    async def passes(self, task: Task, completion: str | None = None) -> bool:
        """Whether the task's solution, or `completion` in its place, does what is asked."""
        completion = task.canonical if completion is None else completion
        return (await self.judged(task, completion, task.program(completion or ""))).verdict is Verdict.PASSED

    async def outputs(self, program: str, inputs: Sequence[str]) -> list[str]:
        """What a program prints on each input; nothing where it does not end well, or prints what is no text.

        Raises `SandboxError`.
        """
        executor, limits = self._judge.executor(self.item.language), self._judge.limits
        cases = [(given.encode(),) for given in inputs]
        results = await self._executed(lambda: executor.run_for_outputs(program, limits, cases, stop_at_failure=False))
        spent = sum(judged.outcome.wall_s for judged in results if judged.outcome)
        self.costs = self.costs.plus(Costs(executed_s=spent))
        return [_printed(judged) for judged in results]

    async def _executed(self, execute: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, execute)


class ItemMethod(Method):
    """A method that makes at most one pair of each of its items."""

    @abstractmethod
    def items(self, workshop: Workshop) -> list[Item]:
        """What pairs are made of. Raises `SynthesisError` where there is nothing."""

    @abstractmethod
    async def make(self, attempt: Attempt) -> Pair:
        """The pair. Raises `DroppedError` where there is none; what the model and the sandbox raise ends the method."""

    async def run(self, workshop: Workshop) -> Made:
        """See `Method`."""
        settings, model = workshop.settings, workshop.model
        assert model is not None
        items, made = await asyncio.to_thread(lambda: _clean(self.items(workshop), workshop.kept_out))
        workshop.show.begin(self.name.replace("_", "-"), len(items), "items")
        asks = key_of(
            VERSION, model.name, model.endpoint, dict(model.files_sha256), settings.model_dump(include=_ASKED)
        )
        part = getattr(settings, self.name).model_dump(mode="json", exclude=_OF_ITEMS)
        runs = key_of(self.name, part, settings.limits.model_dump())
        known = {name: workshop.languages.named(name) for name in {item.language for item in items}}
        told = {name: key_of(language.model_dump_json()) for name, language in known.items()}
        keys = [key_of(asks, item.model_dump(mode="json")) for item in items]
        probes = [Task(id=name, language=name, scoring=Scoring.TESTS) for name in known]
        folder = workshop.folder / self.name
        fates: dict[str, _Fate] = {}
        with (
            Judge(
                probes, workshop.languages, workshop.open_box(settings.sandbox), settings.execution_limits()
            ) as judge,
            Journal(folder / "answers.jsonl") as answers,
            Journal(folder / "items.jsonl") as done,
            ThreadPoolExecutor(usable_cores(), thread_name_prefix="judge") as pool,
        ):

            async def one(item: Item, key: str) -> _Fate:
                fated = key_of(key, runs, told[item.language])
                if (found := done.get(fated)) is not None:
                    return _Fate.model_validate(found)
                attempt = Attempt(item, key, workshop, judge, answers, pool)
                try:
                    fate = _Fate(pair=await self.make(attempt))
                except DroppedError as dropped:
                    fate = _Fate(reason=dropped.reason, said=dropped.said)
                fate = fate.model_copy(update={"costs": attempt.costs})
                if fate.reason != REFUSED:  # an endpoint may take tomorrow what is too long for it today
                    done.add(fated, fate.model_dump(mode="json", exclude_defaults=True))
                return fate

            async def in_turn(waiting: Iterator[tuple[Item, str]]) -> None:
                for item, key in waiting:
                    fates[key] = fate = await one(item, key)
                    workshop.show.advance()
                    useless = all(fate.reason in (NO_CODE, REFUSED) for fate in fates.values())
                    if useless and len(fates) >= settings.give_up_after:
                        raise no_code(len(fates), fate.said)

            waiting = iter(zip(items, keys, strict=True))
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(settings.concurrency):
                        group.create_task(in_turn(waiting))
            except BaseExceptionGroup as problems:
                raise first_problem(problems) from None
        _gather(made, [fates[key] for key in keys])
        return made


def no_code(number: int, last: str) -> SynthesisError:
    """The error that ends a method whose answers are all of no use; `last` is what was said last."""
    said = " ".join(last.split())[:120] or "nothing"
    return SynthesisError(
        f"none of the first {number} answers holds code (the last one: {said}); is the model one that was tuned on "
        f"instructions? `give_up_after` says how many are tried; the answers are kept, so ask another model under the "
        f"same name with another --output"
    )


def _printed(judged: Judged) -> str:
    """The output of a run of which none was expected."""
    if judged.outcome is None or judged.verdict is not Verdict.WRONG_OUTPUT:
        return ""
    with contextlib.suppress(UnicodeDecodeError):
        return judged.outcome.stdout.decode()
    return ""


def _clean(items: Sequence[Item], kept_out: KeptOut) -> tuple[list[Item], Made]:
    """The items whose tasks may be shown, and a record of the others."""
    made, clean = Made(came=len(items)), []
    for item in items:
        if found := {task.id: held for task in item.tasks if (held := kept_out.held_by(task))}:
            made.contaminated |= found
            made.fell[CONTAMINATED] += 1
        else:
            clean.append(item)
    return clean, made


def _gather(made: Made, fates: Sequence[_Fate]) -> None:
    for fate in fates:
        made.costs = made.costs.plus(fate.costs)
        if fate.pair:
            made.pairs.append(fate.pair)
        else:
            made.fell[fate.reason] += 1

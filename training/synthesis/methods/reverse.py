"""`reverse`: a program about a topic, inputs, the outputs that it gives, then the statement (arXiv 2508.09101)."""

from __future__ import annotations

from completion.asking.words import fenced
from evaluation.strategies.chat import solved_code
from evaluation.tasks import Task
from training.synthesis.functions import functions
from training.synthesis.method import Attempt, Item, ItemMethod, Workshop
from training.synthesis.pairs import Pair
from training.synthesis.parts import Reverse
from training.synthesis.stating import PROGRAM, stated, written
from training.tuning.settings import PairSettings

TOPICS = (
    "text: words, letters, or lines", "whole numbers and their digits", "dates, times, or calendars",
    "lists: searching, sorting, or merging", "counting and grouping", "a small simulation, step by step",
    "money: prices, bills, or accounts", "grids, boards, or mazes", "parsing a small format", "a stack or a queue",
    "paths or connections between places", "primes, divisors, or fractions", "matching brackets or patterns",
    "scores, rankings, or elections", "schedules and intervals", "encoding or decoding", "a game with simple rules",
    "units and conversions", "sets and overlaps", "a small interpreter of commands",
)  # fmt: skip


class ReverseMethod(ItemMethod):
    """Whole programs; tasks in input/output form come out."""

    name = "reverse"

    def items(self, workshop: Workshop) -> list[Item]:
        """See `ItemMethod`."""
        part: Reverse | None = workshop.settings.reverse
        assert part is not None
        topics = part.topics or TOPICS
        found: list[Item] = []
        for name in part.languages:
            workshop.languages.named(name)
            seeds: list[Task] = []
            if part.corpus:
                settings = PairSettings(languages=(name,), seed=workshop.settings.seed)
                settings = settings.model_copy(update={"min_documentation_bytes": 0})
                seeds = functions(part.corpus, workshop.languages, settings, part.count)
            for number in range(part.count):
                shown = (seeds[number % len(seeds)],) if seeds else ()
                groups = (shown[0].id,) if shown else (f"{self.name}/{name}/{number}",)
                topic = topics[number % len(topics)]
                found.append(Item(groups=groups, language=name, tasks=shown, topic=topic, number=number))
        return found

    async def make(self, attempt: Attempt) -> Pair:
        """See `ItemMethod`."""
        part = attempt.settings.reverse
        assert part is not None
        language, item = attempt.language, attempt.item
        seed = "".join(
            f" Let this code give you an idea; do not repeat it:\n\n{fenced(solved_code(task, language), language)}\n\n"
            for task in item.tasks
        )
        question = (
            f"Write a {language.display_name} program of 10 to 60 lines that solves an interesting small problem about "
            f"{item.topic} (idea {item.number + 1}: not the first that comes to mind).{seed} {PROGRAM}"
        )
        return await stated(attempt, self.name, await written(attempt, question), part)

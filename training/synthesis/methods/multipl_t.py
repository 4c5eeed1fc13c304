"""`multipl_t`: documented functions of the corpus, kept if they pass tests that the model wrote (arXiv 2308.09895)."""

from __future__ import annotations

from evaluation.strategies.chat import solved_code
from training.synthesis.functions import functions
from training.synthesis.method import Attempt, Item, ItemMethod, Workshop
from training.synthesis.pairs import Pair
from training.synthesis.parts import MultiplT
from training.synthesis.written_tests import with_tests
from training.tuning.mining import conversation

_DOCUMENTATION = (20, 2000)


class MultiplTMethod(ItemMethod):
    """The function is what is learned; the model writes nothing but its tests."""

    name = "multipl_t"

    def items(self, workshop: Workshop) -> list[Item]:
        """See `ItemMethod`."""
        part: MultiplT | None = workshop.settings.multipl_t
        assert part is not None
        settings = part.pairs(workshop.settings.seed, documentation=_DOCUMENTATION)
        found = functions(part.corpus, workshop.languages, settings, part.limit)
        return [Item(groups=(task.id,), language=task.language, tasks=(task,)) for task in found]

    async def make(self, attempt: Attempt) -> Pair:
        """See `ItemMethod`."""
        part = attempt.settings.multipl_t
        assert part is not None
        task = await with_tests(attempt, attempt.item.tasks[0], part)
        return Pair(
            method=self.name,
            groups=attempt.item.groups,
            task=task.model_copy(update={"labels": {"method": self.name}}),
            messages=tuple(conversation(task, attempt.language)),
            code=solved_code(task, attempt.language),
            is_new_task=True,
        )

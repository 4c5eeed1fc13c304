"""`evolve`: a task changed or made harder (Evol-Instruct, arXiv 2306.08568); its new program is run anew."""

from __future__ import annotations

from training.synthesis.method import Attempt, Item, ItemMethod, Workshop
from training.synthesis.pairs import Pair
from training.synthesis.sources import with_solutions
from training.synthesis.stating import PROGRAM, stated, told, written

CHANGES = (
    "add one requirement, so that it takes a step more",
    "ask for another result from the same kind of input",
    "give the input another form, which has to be read first",
    "make it larger, so that a plain search takes too long",
    "add a special case that has to be treated apart",
    "move it to another field of life, with rules of its own",
)


class EvolveMethod(ItemMethod):
    """Whole programs come out, also of tasks that are functions."""

    name = "evolve"

    def items(self, workshop: Workshop) -> list[Item]:
        """See `ItemMethod`."""
        part = workshop.settings.evolve
        assert part is not None
        changes = part.changes or CHANGES
        return [
            Item(
                groups=source.groups,
                language=source.task.language,
                tasks=(source.task,),
                topic=changes[(place + number) % len(changes)],
                number=number,
            )
            for place, source in enumerate(with_solutions(workshop, part, self.name))
            for number in range(part.per_task)
        ]

    async def make(self, attempt: Attempt) -> Pair:
        """See `ItemMethod`."""
        part = attempt.settings.evolve
        assert part is not None
        question = (
            f"{told(attempt.item.tasks, attempt)}Change the task: {attempt.item.topic}. Write the "
            f"{attempt.language.display_name} program that solves the changed task. {PROGRAM}"
        )
        return await stated(attempt, self.name, await written(attempt, question), part)

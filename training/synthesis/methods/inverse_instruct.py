"""`inverse_instruct`: code of the corpus, and the instruction for it, kept if it leads back (arXiv 2407.05700)."""

from __future__ import annotations

from completion.asking.words import fenced
from evaluation.strategies.chat import solved_code
from training.synthesis.functions import functions, programs
from training.synthesis.method import Attempt, DroppedError, Item, ItemMethod, Workshop
from training.synthesis.pairs import Pair
from training.synthesis.parts import InverseInstruct, Reversing
from training.synthesis.solving import give_away, solved_again
from training.synthesis.stating import stated
from training.synthesis.written_tests import with_tests
from training.tuning.mining import conversation


class InverseInstructMethod(ItemMethod):
    """From a function come an instruction and tests, from a program inputs and a statement; an answer has to pass."""

    name = "inverse_instruct"

    def items(self, workshop: Workshop) -> list[Item]:
        """See `ItemMethod`."""
        part: InverseInstruct | None = workshop.settings.inverse_instruct
        assert part is not None
        settings = part.pairs(workshop.settings.seed, documentation=(0, 2000 if part.documented else 0))
        find = programs if part.programs else functions
        found = find(part.corpus, workshop.languages, settings, part.limit)
        return [Item(groups=(task.id,), language=task.language, tasks=(task,)) for task in found]

    async def make(self, attempt: Attempt) -> Pair:
        """See `ItemMethod`."""
        part = attempt.settings.inverse_instruct
        assert part is not None
        if part.programs:
            proving = Reversing(inputs=part.inputs, min_cases=part.min_cases, attempts=part.attempts)
            return await stated(attempt, self.name, (attempt.item.tasks[0].canonical or "").strip(), proving)
        task = await with_tests(attempt, attempt.item.tasks[0], part)
        code = solved_code(task, attempt.language)
        statement = await attempt.ask(
            f"Here is {attempt.language.display_name} code:\n\n{fenced(code, attempt.language)}\n\n"
            f"Write the instruction that a programmer would have been given who wrote `{task.entry_point}`: what it is "
            f"given, what it gives back, and what it does in special cases. Answer with the instruction alone, in a "
            f"few sentences, without code."
        )
        if not statement or give_away(statement, task.canonical or ""):
            raise DroppedError("no_instruction", statement)
        task = task.model_copy(update={"statement": statement})
        solved = await solved_again(attempt, task, part.attempts)
        return Pair(
            method=self.name,
            groups=attempt.item.groups,
            task=task.model_copy(update={"labels": {"method": self.name, "solved": solved}}),
            messages=tuple(conversation(task, attempt.language)),
            code=code,
            is_new_task=True,
        )

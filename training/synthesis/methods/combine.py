"""`combine`: two tasks made into one, whose program is run anew. Both lie on one side of the split."""

from __future__ import annotations

import random
from collections import defaultdict

from training.corpora.settings import Split
from training.corpora.splitting import held_out_groups
from training.synthesis.method import Attempt, Item, ItemMethod, Workshop
from training.synthesis.pairs import Pair
from training.synthesis.settings import SynthesisError
from training.synthesis.sources import Source, with_solutions
from training.synthesis.stating import PROGRAM, stated, told, written


class CombineMethod(ItemMethod):
    """Whole programs come out, also of tasks that are functions."""

    name = "combine"

    def items(self, workshop: Workshop) -> list[Item]:
        """See `ItemMethod`."""
        settings, part = workshop.settings, workshop.settings.combine
        assert part is not None
        sources = with_solutions(workshop, part, self.name)
        held_out = held_out_groups(
            {group for source in sources for group in source.groups}, Split(held_out=settings.held_out), settings.seed
        )
        alike: dict[tuple[str, bool], list[Source]] = defaultdict(list)
        for source in sources:
            alike[source.task.language, held_out.issuperset(source.groups)].append(source)
        couples = [
            (one, other) for found in alike.values() for one, other in _couples(found, part.count, settings.seed)
        ]
        random.Random(settings.seed).shuffle(couples)  # noqa: S311 - all languages and both sides are to have some
        if not couples:
            raise SynthesisError(f"{self.name}: there are no two tasks of one language; at least two are needed")
        return [
            Item(
                groups=tuple(dict.fromkeys((*one.groups, *other.groups))),
                language=one.task.language,
                tasks=(one.task, other.task),
            )
            for one, other in couples[: part.count]
        ]

    async def make(self, attempt: Attempt) -> Pair:
        """See `ItemMethod`."""
        part = attempt.settings.combine
        assert part is not None
        question = (
            f"{told(attempt.item.tasks, attempt)}Think of one new task that needs what both of them need. Write the "
            f"{attempt.language.display_name} program that solves it. {PROGRAM}"
        )
        return await stated(attempt, self.name, await written(attempt, question), part)


def _couples(sources: list[Source], count: int, seed: int) -> list[tuple[Source, Source]]:
    """At most so many pairs, none twice, drawn by the seed."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    possible = len(sources) * (len(sources) - 1) // 2
    found: dict[tuple[int, int], None] = {}
    while len(found) < min(count, possible):
        one, other = sorted(rng.sample(range(len(sources)), 2))
        found[one, other] = None
    return [(sources[one], sources[other]) for one, other in found]

"""The cache of a client like llama.vim: answers by what stood around the cursor.

An answer is kept under its surroundings, and under the same with one, two and three lines less at the top, for when
the window has moved down. It is found again up to 128 characters further on, where what was typed since is how the
answer began. The longest rest wins.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

LOOK_BACK = 128
MAX_KEYS = 250
_TRIMMED = 3

Key = tuple[str, str]
"""Lines above with the typed part of the line, and what follows the cursor."""


@dataclass
class AnswerCache:
    """At most `MAX_KEYS` keys; which one goes is drawn."""

    rng: random.Random
    answers: dict[Key, str] = field(default_factory=dict)

    def add(self, before: str, typed: str, after: str, answer: str) -> None:
        """Keep an answer."""
        for lines in heads(before):
            if len(self.answers) >= MAX_KEYS:
                del self.answers[self.rng.choice(list(self.answers))]
            self.answers[lines + typed, after] = answer

    def holds(self, before: str, typed: str, after: str) -> bool:
        """Whether there is an answer for exactly this place."""
        return any((lines + typed, after) in self.answers for lines in heads(before))

    def find(self, before: str, typed: str, after: str) -> str:
        """What is left of an answer here; nothing where there is none."""
        whole = before + typed
        exact = self.answers.get((whole, after))
        if exact is not None:
            return exact
        best = ""
        for back in range(1, min(LOOK_BACK, len(whole)) + 1):
            answer = self.answers.get((whole[:-back], after), "")
            if answer.startswith(whole[-back:]) and len(answer) - back > len(best):
                best = answer[back:]
        return best


def heads(before: str) -> list[str]:
    """The lines above, and without the first one, two, three of them."""
    found = [before]
    for _ in range(_TRIMMED):
        before = before.partition("\n")[2]
        if not before:
            break
        found.append(before)
    return found

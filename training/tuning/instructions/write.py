"""Writes the conversations of a recipe.

Guarantees: what is written depends on the settings, the corpus and the language files alone; no question stands twice,
nor in both files; how many there are of one kind changes no other (but a fifth of the forms are asked of pairs). The
file to train on goes from short to long, blurred: a curriculum for who reads it in order.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ConfigError
from core.files import write_atomically
from core.language_files import LanguageRegistry
from evaluation.heldout.positions import HeldOutDocument
from evaluation.tasks import Task
from training.tuning.instructions.asking import (
    Asking,
    Conversation,
    any_function,
    any_simple,
    asked,
    asked_in_a_form,
    asked_to_edit,
    size_of,
    task_of,
)
from training.tuning.instructions.settings import InstructionSettings
from training.tuning.instructions.words import Words
from training.tuning.mining import pairs_in, write_conversations
from training.tuning.settings import PairSettings

_TRIES = 40
"""Draws for each conversation that is wanted, before a recipe is told that it wants too many."""


def write_instructions(
    settings: InstructionSettings, corpus: Path, languages: LanguageRegistry, output: Path
) -> dict[str, int]:
    """Write `train.jsonl`, `heldout.jsonl` and `instructions.json` (settings, counts) into `output`; returns counts.

    `corpus` is a folder with `train-LANGUAGE.jsonl` and perhaps `heldout-LANGUAGE.jsonl`; it is not read where no
    pairs are wanted. Raises `ConfigError` where it lacks documents, or cannot give as many pairs.
    """
    writer = _Writer(settings, corpus, languages)
    share = settings.held_out / max(1, sum(settings.amounts.model_dump().values()))
    held_out: list[tuple[str, Conversation]] = []
    train: list[tuple[str, Conversation]] = []
    for kind, amount in settings.amounts.model_dump().items():
        held_out += writer.made(kind, "heldout", round(amount * share))
        train += writer.made(kind, "train", amount)
    rng = random.Random(f"{settings.seed} order")  # noqa: S311 - not for secrets
    train.sort(key=lambda one: size_of(one[1]) * rng.lognormvariate(0.0, 0.35))
    rng.shuffle(held_out)
    counts: Counter[str] = Counter(kind for kind, _ in train)
    counts |= Counter({"train": len(train), "heldout": len(held_out)})
    write_conversations(output / "heldout.jsonl", (messages for _, messages in held_out))
    write_conversations(output / "train.jsonl", (messages for _, messages in train))
    card = {
        "settings": settings.model_dump(),
        "counts": dict(sorted(counts.items())),
        "left_out": dict(writer.left_out),
    }
    write_atomically(output / "instructions.json", json.dumps(card, indent=1) + "\n")
    return dict(counts)


@dataclass
class _Writer:
    """Draws conversations, and remembers what was asked."""

    settings: InstructionSettings
    corpus: Path
    languages: LanguageRegistry
    questions: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    mined: dict[str, list[Task]] = field(default_factory=dict)

    def made(self, kind: str, part: str, amount: int) -> Iterator[tuple[str, Conversation]]:
        """So many of a kind. Raises `ConfigError` where there are not so many."""
        done = 0
        for number in range(amount * _TRIES):
            if done == amount:
                return
            rng = random.Random(f"{self.settings.seed} {kind} {part} {number}")  # noqa: S311 - not for secrets
            messages = self._pair(part, rng, number) if kind == "pairs" else self._invented(kind, part, rng)
            if messages is None:
                self.left_out["unfit"] += 1
            elif size_of(messages) > self.settings.max_bytes:
                self.left_out["long"] += 1
            elif messages[1].text in self.questions:
                self.left_out["again"] += 1
            else:
                self.questions.add(messages[1].text)
                done += 1
                yield kind, messages
        if done < amount:
            raise ConfigError(
                f"only {done} of {amount} conversations of the kind {kind!r} could be made; lower its amount"
            )

    def _invented(self, kind: str, part: str, rng: random.Random) -> Conversation | None:
        name = self._language(rng)
        spec = self.languages.named(name)
        words = Words(rng, self.settings.invented)
        if kind == "forms" and rng.random() < 0.2 and self.settings.amounts.pairs:
            tasks = self._mined(name, part)
            task = rng.choice(tasks) if tasks else task_of(any_function(words), spec, rng)
        else:
            short = {"simple": 1.0, "functions": 0.0, "edits": 0.4, "forms": 0.5}[kind]
            task = task_of((any_simple if rng.random() < short else any_function)(words), spec, rng)
        asking: dict[str, Asking] = {"edits": asked_to_edit, "forms": asked_in_a_form}
        return asking.get(kind, asked)(task, spec, rng)

    def _pair(self, part: str, rng: random.Random, number: int) -> Conversation | None:
        """The next pair of a language's, in the order that its documents were drawn in."""
        name = self._language(rng)
        tasks = self._mined(name, part)
        return asked(rng.choice(tasks), self.languages.named(name), rng) if tasks else None

    def _language(self, rng: random.Random) -> str:
        names = list(self.settings.languages)
        return rng.choices(names, [self.settings.languages[name] for name in names])[0]

    def _mined(self, name: str, part: str) -> list[Task]:
        """Tasks of a language, of as many documents as give twice the pairs that are wanted."""
        key = f"{part}-{name}"
        if key not in self.mined:
            amount = self.settings.amounts.pairs if part == "train" else self.settings.held_out
            wanted = round(2 * amount * self.settings.languages[name] / sum(self.settings.languages.values()))
            self.mined[key] = self._pairs_of(name, self.corpus / f"{key}.jsonl", wanted)
        return self.mined[key]

    def _pairs_of(self, name: str, path: Path, wanted: int) -> list[Task]:
        try:
            lines = path.read_bytes().splitlines()
        except OSError as problem:
            raise ConfigError(
                f"{path}: cannot be read ({(problem.strerror or 'error').lower()}); pairs need a corpus with {name}"
            ) from None
        rng = random.Random(f"{self.settings.seed} documents {name}")  # noqa: S311 - not for secrets
        pairs = PairSettings(
            languages=(name,),
            max_function_bytes=self.settings.max_function_bytes,
            max_documentation_bytes=300,
            grammar=False,  # the same pairs whether a grammar is installed or not
        )
        found: list[Task] = []
        for place in rng.sample(range(len(lines)), len(lines)):
            document = HeldOutDocument.model_validate_json(lines[place])
            tasks = [task for task in pairs_in(document, self.languages.named(name), pairs, None) if _is_function(task)]
            found += rng.sample(tasks, min(len(tasks), self.settings.pairs_per_document))
            if len(found) >= wanted:
                break
        return found


def _is_function(task: Task) -> bool:
    """Layout takes classes for functions as well; their bodies say too little to be asked for."""
    return "\nclass " not in f"\n{task.before}" and "```" not in task.before + (task.canonical or "")

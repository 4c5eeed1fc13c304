"""Filters that all pairs go through: tasks of benchmarks, and tasks that are there already.

Compared are the task as it is asked, and the code; never the words of the system's. Several answers to one task share
its fate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.language_files import LanguageRegistry
from evaluation.formats import read_benchmark
from evaluation.tasks import Task
from training.corpora.cleaning.benchmarks import Tasks, read_tasks
from training.corpora.cleaning.words import word_numbers
from training.corpora.settings import Decontamination, Split
from training.corpora.splitting import held_out_groups
from training.documents import DuplicateIndex, content_key, signature
from training.settings import Share
from training.synthesis.pairs import Pair, question_of, read_text

CONTAMINATED, EXACT, BOTH_SIDES = "contaminated", "exact_duplicate_task", "of_both_sides"
_PERMUTATIONS = 64


@dataclass(frozen=True, slots=True)
class KeptOut:
    """The tasks of benchmarks: n-grams of their texts, and for those that are too short for that the whole texts."""

    tasks: Tasks
    whole: dict[str, str]

    def held(self, text: str, parts: Iterable[str]) -> str:
        """Which benchmark's task `text` holds, or one of `parts` is; nothing for a text that may stay."""
        if found := self.tasks.held(word_numbers(text)):
            return found
        return next((self.whole[key] for part in parts if (key := content_key(part)) in self.whole), "")

    def held_by(self, task: Task, code: str | None = None) -> str:
        """The same of a task with `code` as its answer, or else with its own solution."""
        solution = task.canonical or ""
        code = solution if code is None else code
        return self.held(read_text(task, code), (question_of(task), code, solution))


def read_kept_out(settings: Decontamination, registry: LanguageRegistry) -> KeptOut:
    """Read the files of tasks. Raises `BenchmarkError`."""
    whole: dict[str, str] = {}
    for item in settings.benchmarks:
        for task in read_benchmark(Path(item.file), item.format, item.language, registry).tasks:
            for text in (question_of(task), task.canonical or ""):
                if text.strip():
                    whole.setdefault(content_key(text), f"{task.id}: all of it")
    return KeptOut(read_tasks(settings, registry), whole)


@dataclass(slots=True)
class Filtered:
    """Pairs that stay, how many of each method fell by which filter, and which tasks hold one of a benchmark."""

    pairs: list[Pair] = field(default_factory=list)
    fell: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    contaminated: dict[str, str] = field(default_factory=dict)

    def sides(self, share: Share, seed: int) -> dict[str, list[Pair]]:
        """Pairs to train on and held out, by a hash of their groups; what is made of both sides falls out."""
        groups = {group for pair in self.pairs for group in pair.groups}
        held_out = held_out_groups(groups, Split(held_out=share), seed)
        sides: dict[str, list[Pair]] = {"train": [], "heldout": []}
        for pair in self.pairs:
            if held_out.issuperset(pair.groups):
                sides["heldout"].append(pair)
            elif held_out.isdisjoint(pair.groups):
                sides["train"].append(pair)
            else:
                self.fell[pair.method][BOTH_SIDES] += 1
        return sides


def filtered(pairs: Sequence[Pair], kept_out: KeptOut, similarity: float | None) -> Filtered:
    """Take out what stands in a benchmark, then every task that asks the same as an earlier one, or resembles it.

    `similarity`: from which on two tasks, each with its first program, resemble each other; `None`: none do.
    """
    found = Filtered()
    tasks = _Tasks(similarity)
    for pair in pairs:
        if held := kept_out.held_by(pair.task, pair.code):
            found.contaminated.setdefault(pair.task.id, held)
            found.fell[pair.method][CONTAMINATED] += 1
        elif same := tasks.same(pair):
            found.fell[pair.method][same] += 1
        else:
            found.pairs.append(pair)
    return found


class _Tasks:
    """The tasks so far, by method and id, with the programs that answer them."""

    def __init__(self, similarity: float | None) -> None:
        self._index = DuplicateIndex(similarity or 0.9, _PERMUTATIONS)
        self._near = similarity is not None
        self._fates: dict[tuple[str, str], str] = {}
        self._asked: set[str] = set()
        self._answers: set[tuple[str, str, str]] = set()

    def same(self, pair: Pair) -> str:
        """Why a pair's task is there already, or this answer to it; nothing for a pair that is new."""
        task, answer = (pair.method, pair.task.id), (pair.method, pair.task.id, content_key(pair.code))
        if task not in self._fates:
            self._fates[task] = self._fate(pair)
        if self._fates[task] or answer in self._answers:
            return self._fates[task] or EXACT
        self._answers.add(answer)
        return ""

    def _fate(self, pair: Pair) -> str:
        text, asked = read_text(pair.task, pair.code), content_key(question_of(pair.task))
        own = signature(text, _PERMUTATIONS)
        if asked in self._asked:
            return EXACT
        if (same := self._index.seen(text, own)) and (self._near or same == "exact_duplicate"):
            return f"{same}_task"
        self._asked.add(asked)
        if not same:
            self._index.add(f"{pair.method} {pair.task.id}", text, own)
        return ""

"""From the results of a run to conversations: of each task the first answers that passed and that differ.

Pure functions. What comes out depends on the results alone, not on the order in which they came. The conversation is
the question in the words of evaluation, without examples and documentation: the model learns to do without them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from completion.asking.words import fenced
from core.errors import RunError
from core.language_files import LanguageRegistry
from core.languages import LanguageSpec
from evaluation.models.base import Chat, Message
from evaluation.runs import Result
from evaluation.strategies.chat import Ask
from evaluation.tasks import Task
from training.documents import DuplicateIndex, signature
from training.synthesis.pairs import Pair, group_of
from training.synthesis.parts import Keeping

METHOD = "sample"
_PERMUTATIONS = 64


def accepted(
    results: Iterable[Result],
    tasks: Iterable[Task],
    languages: LanguageRegistry,
    keeping: Keeping,
    *,
    thought: bool = False,
    fell: Counter[str] | None = None,
) -> list[Pair]:
    """The pairs, in the order of `tasks`; `fell` counts the other results by why they are none.

    `thought`: the answers are those of the strategy `chain-of-thought`, which whole answers are asked for by. Raises
    `RunError` for a result of a task that is not there.
    """
    fell = Counter() if fell is None else fell
    by_id = {task.id: task for task in tasks}
    passed: dict[str, list[Result]] = defaultdict(list)
    answers: Counter[str] = Counter()
    for result in results:
        if result.task not in by_id:
            raise RunError(f"the run holds a result of task {result.task!r}, which the file of tasks does not have")
        answers[result.task] += 1
        if not result.passed:
            fell[result.verdict.value] += 1
        elif keeping.answer == "whole" and result.finish == "length":
            fell["cut_short"] += 1
        else:
            passed[result.task].append(result.model_copy(update={"prompt": "", "stdout": "", "stderr": ""}))
    pairs: list[Pair] = []
    for name, task in by_id.items():
        found = sorted(passed[name], key=lambda result: result.sample)
        if found and len(found) / answers[name] > keeping.max_pass_rate:
            fell["too_easy"] += len(found)
            continue
        language = languages.named(task.language)
        kept = _different([_code(result, task) for result in found], keeping, fell)
        pairs += [
            Pair(
                method=METHOD,
                groups=(group_of(task),),
                task=_solved(task, found[place]),
                messages=_conversation(task, language, code, found[place], keeping, thought=thought),
                code=code,
                is_new_task=task.canonical is None and _solved(task, found[place]).canonical is not None,
            )
            for place, code in kept
        ]
    return pairs


def _different(codes: Sequence[str], keeping: Keeping, fell: Counter[str]) -> list[tuple[int, str]]:
    """Places and texts of the first ones that differ in more than white space, and by more than the settings say."""
    index = DuplicateIndex(keeping.similarity, _PERMUTATIONS)
    kept: list[tuple[int, str]] = []
    for place, code in enumerate(codes):
        if len(kept) == keeping.keep:
            fell["more_than_kept"] += len(codes) - place
            break
        own = signature(code, _PERMUTATIONS)
        if same := index.seen(code, own):
            fell[same] += 1
            continue
        index.add(str(place), code, own)
        kept.append((place, code))
    return kept


def _code(result: Result, task: Task) -> str:
    """The program that passed, without the tests, as an answer shows it."""
    return result.program.removesuffix(task.program_tail).strip()


def _solved(task: Task, result: Result) -> Task:
    """The task; one without a solution gets this one, if it goes into its place as it is."""
    if task.canonical is None and task.program(result.completion or "") == result.program:
        return task.model_copy(update={"canonical": result.completion})
    return task


def _conversation(
    task: Task, language: LanguageSpec, code: str, result: Result, keeping: Keeping, *, thought: bool
) -> tuple[Message, ...]:
    whole = keeping.answer == "whole"
    asked = Ask(think=thought and whole).prompt(task, language)
    assert isinstance(asked, Chat)
    return (*asked.messages, Message("assistant", result.answer.strip() if whole else fenced(code, language)))

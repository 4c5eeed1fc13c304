"""From a run's folder to the facts that its page shows. Reads what the stages left; scores and tests nothing anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.runs import Result, read_results
from evaluation.scoring.comparison import Pair, corrected, paired
from evaluation.scoring.group_scores import Group
from evaluation.scoring.outcomes import Outcomes, read_outcomes
from evaluation.scoring.summary import summarise
from training.corpora.writing import SUMMARY
from training.curve import read_curve
from training.pipeline.folder import DONE, read_json
from training.pipeline.report.curves import Plot, plots_of
from training.pipeline.stages.evaluating import run_folders
from training.pipeline.stages.fitting import fit_record
from training.pipeline.work import Work

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FITS = ("pretrain", "tune", "pretrain-instruct", "reinforce")
_TEXT = 3000
"""Characters that are shown of an answer."""


@dataclass(frozen=True, slots=True)
class ArmScore:
    """What an arm scored on one benchmark."""

    number: int
    letter: str
    name: str
    model: str
    strategy: str
    group: Group
    complete: bool


@dataclass(frozen=True, slots=True)
class Against:
    """The candidate beside another arm; won and lost are the candidate's."""

    number: int
    letter: str
    name: str
    pair: Pair


@dataclass(frozen=True, slots=True)
class Example:
    """A task with what incumbent and candidate answered."""

    title: str
    task: str
    prompt: str
    answers: tuple[tuple[str, str, str, str], ...]
    """Letter, name, verdict, answer."""


@dataclass(frozen=True, slots=True)
class BenchmarkFacts:
    """One benchmark: every arm, the candidate beside each other one, examples."""

    name: str
    tasks: int
    arms: tuple[ArmScore, ...]
    pairs: tuple[Against, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class FitFacts:
    """One fitting."""

    stage: str
    record: Mapping[str, Any]
    plots: tuple[Plot, ...]


@dataclass(frozen=True, slots=True)
class StageCost:
    """What a stage cost; bytes are 0 where that is not known. `speed`: tokens a second of a fitting."""

    name: str
    seconds_s: float
    memory_bytes: int
    gpu_memory_bytes: int
    speed: float


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Everything."""

    name: str
    base: str
    instruct: str
    folder: Path
    candidate: str
    incumbent: str
    served: Path | None
    parents: Mapping[str, Path]
    corpora: Mapping[str, Mapping[str, Any]]
    fits: tuple[FitFacts, ...]
    transfer: Mapping[str, Any]
    scan: Mapping[str, Any]
    benchmarks: tuple[BenchmarkFacts, ...]
    gate: Mapping[str, Any]
    costs: tuple[StageCost, ...]
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)


def read_run(work: Work, stages: Sequence[str]) -> RunFacts:
    """Read a run whose `stages` are finished. Raises `RunError`, one line, for what is damaged."""
    recipe, run = work.recipe, work.run
    asked = recipe.evaluate
    written = run.read()
    candidate = (asked.candidate or "") if asked else ""
    served = work.folder_of(asked.arms[candidate].model) if asked and candidate else None
    if served is None and recipe.transfer:
        served = run.model
    transfer = run.stage("transfer")
    return RunFacts(
        name=recipe.name,
        base=recipe.base,
        instruct=recipe.instruct or "",
        folder=run.path,
        candidate=candidate,
        incumbent=(asked.incumbent or "") if asked else "",
        served=served,
        parents=_parents_of(work, served),
        corpora={name: found for name in ("corpus", "replay") if (found := read_json(run.stage(name) / SUMMARY))},
        fits=tuple(
            FitFacts(name, fit_record(run.stage(name)), tuple(plots_of(read_curve(run.stage(name) / "curve.jsonl"))))
            for name in FITS
            if name in stages
        ),
        transfer=read_json(transfer / "transfer.json") if "transfer" in stages else {},
        scan=read_json(transfer / "scan.json") if recipe.transfer and recipe.transfer.scan else {},
        benchmarks=tuple(_benchmark(work, number) for number in range(len(asked.benchmarks))) if asked else (),
        gate=read_json(run.stage("gate") / "verdict.json") if "gate" in stages else {},
        costs=tuple(_cost(work, name) for name in stages),
        machine=written.get("machine", {}),
        versions=written.get("versions", {}),
    )


def _parents_of(work: Work, served: Path | None) -> dict[str, Path]:
    """Role -> folder, as `vernacular checkpoint verify` wants them for what is served, where this run made it."""
    if served is None or served in work.parents.values():
        return {}
    transfer = read_json(served / "vernacular.json").get("transfer")
    if not transfer:
        return {}
    merged = {
        work.folder_of(model): (stage, parent)
        for model, stage, parent in (
            ("pretrained", "pretrain", "base"),
            ("tuned", "tune", "instruct"),
            ("instruct-pretrained", "pretrain-instruct", "instruct"),
        )
    }
    stage, onto = merged.get(served, ("pretrain", "instruct"))
    places = {
        "base": work.parents["base"],
        "instruct": work.parents[onto],
        "pretrained": work.folder_of("pretrained"),
        "adapter": work.run.stage(stage) / "adapter",
    }
    return {role: places[role] for role in transfer["parents"]}


def _benchmark(work: Work, number: int) -> BenchmarkFacts:
    asked = work.recipe.evaluate
    assert asked is not None
    folders = {name: run_folders(work, name)[number] for name in asked.arms}
    outcomes = {name: read_outcomes(folder) for name, folder in folders.items()}
    letters = {name: LETTERS[place % len(LETTERS)] for place, name in enumerate(asked.arms)}
    arms = []
    for place, (name, arm) in enumerate(asked.arms.items()):
        summary = summarise(folders[name])
        assert summary.overall is not None
        arms.append(
            ArmScore(place, letters[name], name, arm.model, arm.strategy, summary.overall, complete=summary.complete)
        )
    return BenchmarkFacts(
        name=asked.benchmarks[number].called,
        tasks=max(len(outcome.tasks) for outcome in outcomes.values()),
        arms=tuple(arms),
        pairs=tuple(_pairs(asked.candidate, outcomes, letters)),
        examples=tuple(_examples(asked.incumbent, asked.candidate, outcomes, folders, letters)),
    )


def _pairs(candidate: str | None, outcomes: Mapping[str, Outcomes], letters: Mapping[str, str]) -> Iterator[Against]:
    if candidate is None:
        return
    others = [name for name in outcomes if name != candidate]
    tested = corrected([paired(outcomes[name], outcomes[candidate]) for name in others])
    for name, pair in zip(others, tested, strict=True):
        yield Against(list(outcomes).index(name), letters[name], name, pair)


def _examples(
    incumbent: str | None,
    candidate: str | None,
    outcomes: Mapping[str, Outcomes],
    folders: Mapping[str, Path],
    letters: Mapping[str, str],
) -> Iterator[Example]:
    """Two tasks that the candidate alone solves, one that the incumbent alone solves, one that neither does."""
    if candidate is None:
        return
    shown = [name for name in (incumbent, candidate) if name]
    chosen: list[tuple[str, str]] = []
    ours = outcomes[candidate].tasks
    theirs = outcomes[incumbent].tasks if incumbent else {}
    for title, count, wanted in (
        ("The candidate alone solves it", 2, (True, False)),
        ("The incumbent alone solves it", 1, (False, True)),
        ("Neither solves it", 1, (False, False)),
    ):
        found = [
            task
            for task in ours
            if (ours[task].share == 1, bool(theirs) and task in theirs and theirs[task].share == 1) == wanted
        ]
        chosen += [(title, task) for task in found[:count]]
    results = {name: _first_results(folders[name], {task for _, task in chosen}) for name in shown}
    for title, task in chosen:
        answers = [
            (letters[name], name, result.verdict.value, _cut(result.answer))
            for name in shown
            if (result := results[name].get(task))
        ]
        yield Example(title, task, _cut(results[candidate][task].prompt), tuple(answers))


def _first_results(folder: Path, tasks: set[str]) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for result in read_results(folder):
        if result.task in tasks:
            found.setdefault(result.task, result)
    return found


def _cost(work: Work, name: str) -> StageCost:
    done = read_json(work.run.stage(name) / DONE)
    record = fit_record(work.run.stage(name)) if name in FITS else {}
    return StageCost(
        name=name,
        seconds_s=float(done.get("seconds_s", 0)),
        memory_bytes=max(int(done.get("peak_memory_bytes", 0)), int(record.get("peak_memory_bytes", 0))),
        gpu_memory_bytes=int(record.get("peak_gpu_memory_bytes", 0)),
        speed=float(record.get("tokens_per_s", 0)),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT // 2]}\n...\n{text[-_TEXT // 2 :]}"

"""One answer to each task out of a finished run of several, chosen by what the programs do.

    FOLDER/run.json, results.jsonl   a run of one answer a task, for `compare`, `report` and `gate`
    FOLDER/curve.json, curve.svg     pass rates over the number of answers

The hidden tests' verdicts, which the run has already, never take part in the choice; they score it. A chosen answer
carries the tokens and times of all answers that it was chosen from, which is what it costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.errors import ConfigError, RunError
from core.files import write_atomically
from core.language_files import load_languages
from core.sandbox import open_sandbox
from evaluation.provenance import provenance
from evaluation.report.curves import curves_svg
from evaluation.reranking.choosing import Candidate, Choice, choose, normalised
from evaluation.reranking.curve import CurvePoint, curve
from evaluation.reranking.inputs import Inputs, compared_inputs
from evaluation.running.judging import Judge
from evaluation.running.parallel import in_parallel
from evaluation.running.probing import Level, Observed, Prober
from evaluation.running.runner import done_already, language_of
from evaluation.running.show import Show
from evaluation.running.stored import StoredRun, open_run
from evaluation.runs import Reranked, Result, RunDescription, RunWriter
from evaluation.scoring.outcomes import read_outcomes
from evaluation.tasks import Scoring, TaskModel

CURVE = "curve.json"
PICTURE = "curve.svg"


class Reranking(TaskModel):
    """What `curve.json` holds."""

    benchmark: str = Field(description="name of the benchmark")
    inputs: Inputs = Field(description="the inputs that programs were compared on")
    curve: tuple[CurvePoint, ...] = Field(description="by number of answers")
    levels: dict[str, int] = Field(description="level -> answers that got no further without the hidden tests")
    compared: int = Field(description="tasks on which answers did different things", ge=0)
    executions: int = Field(description="programs that were executed, a compilation with its run as one", ge=0)


@dataclass(frozen=True, slots=True)
class _Tried:
    result: Result
    observed: Observed


def rerank(
    folder: Path, benchmark: Path, output: Path, inputs: Inputs, languages: tuple[Path, ...], show: Show
) -> Reranking:
    """Choose, and write `output`, which is opened before any program is run.

    Raises `VernacularError` for a run that is of no use for that, and for an output that is in use or of another one.
    """
    run = open_run(folder, benchmark, load_languages(languages))
    _check(run)
    runs_programs = any(task.scoring is not Scoring.MATCH for task in run.tasks.values())
    sandbox = open_sandbox(run.description.settings.sandbox) if runs_programs else None
    with (
        Judge(run.tasks.values(), run.languages, sandbox, run.limits) as judge,
        RunWriter(output, _description(run, inputs)) as writer,
    ):
        return _reranked(run, judge, inputs, writer, show)


def _reranked(run: StoredRun, judge: Judge, inputs: Inputs, writer: RunWriter, show: Show) -> Reranking:
    chosen: list[Result] = []
    candidates: dict[str, list[Candidate]] = {}
    levels = dict.fromkeys((level.name.lower() for level in Level), 0)
    executions = 0
    for name, tried in _tried(run, judge, inputs, show).items():
        candidates[name] = [_candidate(run, each) for each in tried]
        chosen.append(_chosen(choose(candidates[name]), tried))
        for each in tried:
            levels[each.observed.level.name.lower()] += 1
            executions += each.observed.executions
    done = done_already(writer, lambda result: None)
    for result in chosen:
        if (result.task, 0) not in done:
            writer.add(result)
    found = Reranking(
        benchmark=run.description.settings.benchmark,
        inputs=inputs,
        curve=curve(candidates),
        levels={name: count for name, count in levels.items() if count},
        compared=sum(
            len({each.behaviours for each in of_task if each.behaviours}) > 1 for of_task in candidates.values()
        ),
        executions=executions,
    )
    _write(found, writer.folder)
    return found


def _check(run: StoredRun) -> None:
    settings = run.description.settings
    if settings.sampling.samples < 2:
        raise ConfigError(
            f"{run.folder}: has one answer a task, so there is nothing to choose from; "
            "evaluate with --samples 8 --temperature 0.8, say"
        )
    if lacking := read_outcomes(run.folder).missing(set(run.tasks)):
        raise RunError(f"{run.folder}: is not complete: {lacking}; the same `vernacular evaluate` goes on with it")
    if all(result.completion is None for result in run.results()):
        raise RunError(f"{run.folder}: none of its answers holds code, so there is nothing to run")


def _tried(run: StoredRun, judge: Judge, inputs: Inputs, show: Show) -> Mapping[str, Sequence[_Tried]]:
    """The answers to each task with what they do, tasks in the order of their first answers."""
    settings = run.description.settings
    show.begin(f"{settings.benchmark}, compared", settings.tasks * settings.sampling.samples)
    found: dict[str, list[_Tried]] = {}
    prober = Prober(judge, run.languages)

    def observe(result: Result) -> Observed:
        task = run.task_of(result)
        valid, others = compared_inputs(task, inputs)
        program = None if result.completion is None else result.program
        return prober.observe(task, program, others, valid)

    for result, observed in in_parallel(observe, run.results()):
        found.setdefault(result.task, []).append(_Tried(result, observed))
        show.add(result, fresh=True)
    return found


def _candidate(run: StoredRun, tried: _Tried) -> Candidate:
    result, observed = tried.result, tried.observed
    language = language_of(run.task_of(result), run.languages)
    return Candidate(
        sample=result.sample,
        level=observed.level,
        behaviours=observed.behaviours,
        text=normalised(result.completion or "", language),
        confidence=result.confidence,
        passed=result.passed,
    )


def _chosen(choice: Choice, tried: Sequence[_Tried]) -> Result:
    """The chosen answer, as the only one to its task."""
    of = choice.candidate.sample
    result = next(each.result for each in tried if each.result.sample == of)
    return result.model_copy(
        update={
            "sample": 0,
            "prompt_tokens": sum(each.result.prompt_tokens for each in tried),
            "new_tokens": sum(each.result.new_tokens for each in tried),
            "generated_ms": sum(each.result.generated_ms for each in tried),
            "executed_ms": result.executed_ms + sum(each.observed.executed_ms for each in tried),
            "cpu_s": result.cpu_s + sum(each.observed.cpu_s for each in tried),
            "reranked": Reranked(
                sample=of, level=choice.candidate.level.name.lower(), agreeing=choice.agreeing, of=choice.of
            ),
        }
    )


def _description(run: StoredRun, inputs: Inputs) -> RunDescription:
    before = run.description.settings
    options = {
        **before.strategy_options,
        "of": before.strategy,
        "samples": before.sampling.samples,
        "inputs": inputs.value,
    }
    settings = before.model_copy(
        update={
            "strategy": "rerank",
            "strategy_options": options,
            "sampling": before.sampling.model_copy(update={"samples": 1}),
        }
    )
    origin = {**provenance([]), "chosen from": str(run.folder), "generated": run.description.provenance}
    return RunDescription(settings=settings, model_folder=run.description.model_folder, provenance=origin)


def _write(found: Reranking, output: Path) -> None:
    curves = {
        name: [(point.answers, getattr(point, name)) for point in found.curve]
        for name in ("random", "runs", "chosen", "best")
    }
    try:
        write_atomically(output / CURVE, found.model_dump_json(indent=2) + "\n")
        write_atomically(output / PICTURE, curves_svg(f"{found.benchmark}: tasks solved, %", "answers a task", curves))
    except OSError as problem:
        raise RunError(f"{output}: {(problem.strerror or type(problem).__name__).lower()}") from None

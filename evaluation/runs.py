"""A run: a folder that holds what was asked of whom, and a line for each answer.

    run.json        what was run: benchmark, model, strategy, sampling, versions, machine
    results.jsonl   one `Result` a line, in the order in which they came

Guarantees: a line is written whole or taken back; `run.json` never changes; two processes never write one run; a
folder is only gone on with by the same settings. After a kill at any point the lines that are there are whole, but for
a last one that is cut off when the run is opened again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError

from core.errors import RunError
from core.files import write_atomically
from evaluation.execution import Verdict
from evaluation.tasks import TaskModel

DESCRIPTION = "run.json"
RESULTS = "results.jsonl"


class Sampling(TaskModel):
    """How answers are drawn."""

    samples: int = Field(default=1, description="answers to each task", ge=1)
    temperature: float = Field(default=0.0, description="0 is greedy", ge=0)
    seed: int = Field(default=0, description="answer `n` of a task is drawn with a seed made of this, the task and n")
    max_new_tokens: int = Field(default=512, description="upper bound on an answer's tokens", ge=1)
    fixed_batch: int = Field(
        default=0,
        description="tasks that run together, always the same, so that texts repeat; 0: as they come",
        ge=0,
    )


class RunSettings(TaskModel):
    """What decides the answers and verdicts; a run is only gone on with by equal settings."""

    benchmark: str = Field(description="name of the benchmark")
    benchmark_format: str = Field(description="its format")
    benchmark_sha256: str = Field(description="of its file")
    benchmark_language: str = Field(default="", description="language of a file that does not say its own")
    only_languages: tuple[str, ...] = Field(default=(), description="only tasks of these languages; none given: all")
    languages_sha256: dict[str, str] = Field(default={}, description="language -> SHA-256 of what its file says")
    tasks: int = Field(description="tasks that are run", ge=1)
    limit: int | None = Field(default=None, description="only so many tasks, from the first on")
    model: str = Field(description="name of the model")
    model_files_sha256: dict[str, str] = Field(default={}, description="file of its folder -> SHA-256; none: remote")
    endpoint: str = Field(default="", description="URL of a remote endpoint; empty: the engine ran here")
    engine: str = Field(default="", description="the engine, as it calls itself")
    template: str = Field(default="", description="fill-in-the-middle template, where one was used")
    strategy: str = Field(description="name in `evaluation.strategies.STRATEGIES`")
    strategy_options: dict[str, JsonValue] = Field(default={}, description="its options")
    sampling: Sampling = Field(description="how answers are drawn")
    limits: dict[str, float] = Field(description="limits of each execution, as in `core.sandbox.Limits`")
    sandbox: str = Field(description="back end of the sandbox")


class RunDescription(TaskModel):
    """The whole of `run.json`."""

    format: int = Field(default=1, description="version of this format")
    settings: RunSettings = Field(description="what decides the answers and verdicts")
    model_folder: str = Field(default="", description="where the model lay")
    provenance: dict[str, JsonValue] = Field(description="date, machine, versions")


class Match(TaskModel):
    """A completion beside what was really there."""

    exact: bool = Field(description="equal, but for white space at the end")
    edit: float = Field(description="edit similarity, 0 to 1")
    identifiers: bool | None = Field(default=None, description="the same names in the same order; none: no names in it")
    keys: int = Field(description="key strokes that typing the target takes", ge=0)
    keys_saved: int = Field(description="of these, what accepting the completion would have saved")


class Turn(TaskModel):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"] = Field(description="who speaks")
    content: str = Field(description="what is said")


class Round(TaskModel):
    """One of several answers to one task, each after what the tool chain said of the one before."""

    verdict: Verdict = Field(description="what came of it in the hidden tests, which nobody who asked has seen")
    detail: str = Field(default="", description="one line of why")
    complaint: str = Field(default="", description="what the model was told of it, or would have been; empty: nothing")
    prompt_tokens: int = Field(default=0, description="of its prompt", ge=0)
    new_tokens: int = Field(default=0, description="of the answer", ge=0)


class Reranked(TaskModel):
    """How an answer was chosen among several."""

    sample: int = Field(description="its number in the run that it was chosen from", ge=0)
    level: str = Field(description="how far it got without the hidden tests: a `Level` in small letters")
    agreeing: int = Field(description="answers that did the same, it included", ge=1)
    of: int = Field(description="answers that there were", ge=1)


class Result(TaskModel):
    """One answer to one task, and what came of it."""

    task: str = Field(description="the task's id")
    sample: int = Field(default=0, description="number of the answer to this task, from 0", ge=0)
    language: str = Field(description="language of the task")
    labels: dict[str, str] = Field(default={}, description="the task's labels")
    prompt: str = Field(description="what the model was given, special tokens as their text")
    answer: str = Field(description="what it gave, as it came")
    completion: str | None = Field(description="the code taken out of it; none: it held none")
    program: str = Field(default="", description="what was run; empty: nothing")
    verdict: Verdict = Field(description="what came of it")
    detail: str = Field(default="", description="one line of why")
    failure: Literal["syntactic", "semantic"] | None = Field(default=None, description="kind of failure")
    message_class: str = Field(default="", description="the compiler's own class of its message")
    stdout: str = Field(default="", description="the program's output, cut")
    stderr: str = Field(default="", description="its error output, cut")
    match: Match | None = Field(default=None, description="beside the target, where the task has one")
    seed: int | None = Field(default=None, description="that the answer was drawn with")
    finish: str = Field(default="", description="why the answer ended: stop, length, ...")
    prompt_tokens: int = Field(default=0, description="of the prompt; of all prompts that led to the answer", ge=0)
    new_tokens: int = Field(default=0, description="of the answer; of all answers that led to it", ge=0)
    confidence: float | None = Field(default=None, description="geometric mean of the tokens' probabilities")
    first_token_ms: float | None = Field(default=None, description="from the request to the first token")
    generated_ms: float = Field(default=0.0, description="from the request to the last token, waiting included")
    executed_ms: float = Field(default=0.0, description="wall time of the executions")
    cpu_s: float = Field(default=0.0, description="CPU time of the executions, as seen")
    finished: str = Field(description="when, in ISO 8601, UTC")
    rounds: tuple[Round, ...] = Field(default=(), description="the answers of each round, where there were rounds")
    conversation: tuple[Turn, ...] = Field(default=(), description="all that was said, where there were rounds")
    reranked: Reranked | None = Field(default=None, description="how it was chosen, where it was")

    @property
    def passed(self) -> bool:
        """Whether the task counts as solved."""
        return self.verdict is Verdict.PASSED


class RunWriter:
    """A run that is being written: `with RunWriter(folder, description) as run: run.add(result)`.

    Raises `RunError` where another process writes it, where it was begun with other settings (the message says which),
    where `run.json` or a line is no such, and where the disk is full.
    """

    def __init__(self, folder: Path, description: RunDescription) -> None:
        self.folder = folder
        self.description = description
        self._lock = -1
        self._results = -1
        self._end = 0

    def __enter__(self) -> RunWriter:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._begin()
            self._results = os.open(self.folder / RESULTS, os.O_RDWR | os.O_CREAT, 0o644)
            self._end = _whole_lines(self._results)
            os.ftruncate(self._results, self._end)
        except BlockingIOError:
            self.close()
            raise RunError(f"{self.folder}: another run is writing here; wait for it, or name another folder") from None
        except OSError as problem:
            self.close()
            raise RunError(f"{self.folder}: {_reason(problem)}") from None
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        for descriptor in (self._results, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._results = self._lock = -1

    def add(self, result: Result) -> None:
        """Append a result. A line that does not go onto the disk whole is taken back, and `RunError` raised."""
        line = result.model_dump_json(exclude_defaults=True).encode() + b"\n"
        done = 0
        try:
            while done < len(line):
                done += os.pwrite(self._results, line[done:], self._end + done)
        except OSError as problem:
            os.ftruncate(self._results, self._end)
            raise RunError(f"{self.folder}: {_reason(problem)}; the results so far are kept") from None
        self._end += len(line)

    def _begin(self) -> None:
        if not (self.folder / DESCRIPTION).exists():
            if (self.folder / RESULTS).exists():
                raise RunError(f"{self.folder}: holds results but no {DESCRIPTION}; name another folder")
            write_atomically(self.folder / DESCRIPTION, self.description.model_dump_json(indent=2) + "\n")
            return
        begun = read_description(self.folder)
        if difference := differing(begun.settings, self.description.settings):
            raise RunError(
                f"{self.folder}: was begun with another {difference}; name another folder, or the same settings"
            )
        self.description = begun


def read_description(folder: Path) -> RunDescription:
    """Read `run.json`. Raises `RunError`, one line, where it is missing or malformed."""
    path = folder / DESCRIPTION
    try:
        return RunDescription.model_validate_json(path.read_bytes())
    except OSError as problem:
        raise RunError(f"{path}: {_reason(problem)}; a folder that `vernacular evaluate` wrote is needed") from None
    except ValidationError as problem:
        raise RunError(f"{path}: {_first(problem)}") from None


def read_results(folder: Path) -> Iterator[Result]:
    """Each result in turn; a last line without its end is left out. Raises `RunError` for a line that is none."""
    path = folder / RESULTS
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    except OSError as problem:
        raise RunError(f"{path}: {_reason(problem)}") from None
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield Result.model_validate_json(line)
            except ValidationError as problem:
                raise RunError(f"{path}:{number}: {_first(problem)}") from None


def differing(first: BaseModel, second: BaseModel) -> str:
    """The first setting in which the two differ, as `name (this, now that)`; empty where they are equal."""
    for name, (this, that) in differences(first, second).items():
        return f"{name} ({this}, now {that})"
    return ""


def differences(first: BaseModel, second: BaseModel) -> dict[str, tuple[str, str]]:
    """Each setting in which the two differ: its name, inner ones behind a dot, and both values, cut short."""
    left, right = _flat(first.model_dump(mode="json")), _flat(second.model_dump(mode="json"))
    return {
        key.replace("_", " "): (_short(left.get(key)), _short(right.get(key)))
        for key in dict.fromkeys((*left, *right))
        if left.get(key) != right.get(key)
    }


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat |= _flat(inner, f"{path}.{key}" if path else key)
    return flat


def _short(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value) if not isinstance(value, str) else value
    return text if len(text) <= 40 else f"{text[:37]}..."


def _whole_lines(descriptor: int, step: int = 65_536) -> int:
    """Where the last whole line ends."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - step)
        place = os.pread(descriptor, end - start, start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0


def _first(problem: ValidationError) -> str:
    first = problem.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _reason(problem: OSError) -> str:
    return (problem.strerror or type(problem).__name__).lower()

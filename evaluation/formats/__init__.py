"""Benchmark formats: published files, as they are, into tasks.

    benchmark = read_benchmark(Path("HumanEval.jsonl.gz"))

One more format is one more module with a `FORMAT`, and one more entry in `FORMATS`. Fields and program assembly of
the published ones follow their own evaluation code; each module names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import BenchmarkError, UnknownNameError, did_you_mean
from core.language_files import LanguageRegistry, load_languages
from evaluation.formats.base import Format, Line, Place
from evaluation.formats.lines import read_objects
from evaluation.tasks import Benchmark, Task

__all__ = ["FORMATS", "format_named", "read_benchmark"]


def _module(name: str) -> Callable[[], Format[Any]]:
    def load() -> Format[Any]:
        found: Format[Any] = import_module(f"evaluation.formats.{name}").FORMAT
        return found

    return load


FORMATS: dict[str, Callable[[], Format[Any]]] = {
    "human-eval": _module("human_eval"),
    "human-eval-infilling": _module("human_eval_infilling"),
    "human-eval-xl": _module("human_eval_xl"),
    "mbpp": _module("mbpp"),
    "multipl-e": _module("multipl_e"),
    "mceval": _module("mceval"),
    "agnostics": _module("agnostics"),
    "gsm8k": _module("gsm8k"),
    "cross-code-eval": _module("cross_code_eval"),
    "safim": _module("safim"),
    "vernacular": _module("vernacular"),
}


def read_benchmark(
    path: Path,
    format: str | None = None,  # noqa: A002 - what the command's option is called
    language: str | None = None,
    languages: LanguageRegistry | None = None,
) -> Benchmark:
    """Read a file of tasks, in the format that its first line shows where none is named.

    `language` is for files that do not say theirs; `languages` are the known ones, by default the built-in and the
    user's. Raises `BenchmarkError`, with file, line and field, and `UnknownNameError` for a name in `FORMATS`.
    """
    held = read_objects(path)
    name = format or _recognised(path, *held.objects[0])
    chosen = format_named(name)
    registry = load_languages() if languages is None else languages
    tasks: dict[str, Task] = {}
    lines: dict[str, int] = {}
    for number, fields in held.objects:
        place = Place(path, number, registry, language)
        task = chosen.task(_checked(chosen, fields, place), place)
        if task.id in tasks:
            raise place.error(f"task {task.id!r} stands in line {lines[task.id]} already; each needs a name of its own")
        tasks[task.id], lines[task.id] = task, number
    return Benchmark(name=path.name.split(".", 1)[0], format=name, sha256=held.sha256, tasks=tuple(tasks.values()))


def format_named(name: str) -> Format[Any]:
    """The format of that name. Raises `UnknownNameError`."""
    if name not in FORMATS:
        raise UnknownNameError("benchmark format", name, FORMATS)
    return FORMATS[name]()


def _recognised(path: Path, number: int, fields: dict[str, Any]) -> str:
    """The one format whose marks are all there; of two, the one that asks for more."""
    formats = {name: load() for name, load in FORMATS.items()}
    fitting = {
        name: max((marks for marks in found.marks if marks <= fields.keys()), key=len, default=frozenset())
        for name, found in formats.items()
    }
    closest = [
        name for name, marks in fitting.items() if marks and not any(marks < other for other in fitting.values())
    ]
    if len(closest) == 1:
        return closest[0]
    known = "; ".join(f"{name}: {', '.join(formats[name].needed)}" for name in closest or formats)
    if closest:
        raise BenchmarkError(f"{path}:{number}: fits {len(closest)} formats ({known}); name one with --format")
    raise BenchmarkError(
        f"{path}:{number}: fits no format (its fields: {_listed(fields) or 'none'}); name one with --format ({known})"
    )


def _checked(chosen: Format[Any], fields: dict[str, Any], place: Place) -> Line:
    try:
        line: Line = chosen.line.model_validate(fields)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("function-", "list[", "str")))
        if first["type"] == "missing" and len(first["loc"]) == 1:
            hint = did_you_mean(where, fields.keys() - set(chosen.needed))
            text = f"field {where!r} is missing{hint}; a line needs {', '.join(chosen.needed)}"
        elif not where:
            text = _plain(first["msg"])
        else:
            text = f"field {where!r}: {_plain(first['msg'])}, not {_short(first['input'])}"
        raise place.error(text) from None
    return line


def _plain(message: str) -> str:
    return message.removeprefix("Input ").removeprefix("Value error, ")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))

"""The figures as rows of text, and as what a JSON file holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from evaluation.replay.figures import Difference, Line, by_language, differences, lines, totals
from evaluation.replay.records import Conditions, FileRecord
from evaluation.scoring.statistics import Interval

Rows = list[tuple[str, ...]]


def columns(files: Sequence[FileRecord]) -> list[str]:
    """Above `rows`."""
    groups = by_language(files)
    return [
        "",
        f"all ({len(files)} files)",
        *(f"{name} ({len(group)})" for name, group in groups.items() if len(groups) > 1),
    ]


def rows(files: Sequence[FileRecord]) -> Rows:
    """One row a figure: over all files, and for each language where there are several."""
    groups = by_language(files)
    tables = [lines(files), *(lines(group) for group in groups.values() if len(groups) > 1)]
    return [(of[0].name, *(_value(line) for line in of)) for of in zip(*tables, strict=True)]


DIFFERENCE_COLUMNS = ("", "first", "second", "second - first (95 %)", "")


def difference_rows(found: Sequence[Difference]) -> Rows:
    """One row a figure."""
    return [
        (d.name, number(d.first, d.unit), number(d.second, d.unit), signed(d), "real" if d.is_real else "")
        for d in found
    ]


def caption(conditions: Conditions) -> str:
    """Who typed, before which client."""
    of = f" as {conditions.profile}" if conditions.profile else ""
    said = f"{conditions.client}{of}, model {conditions.model or 'unknown'}, seed {conditions.seed}"
    if not conditions.habits.accepts:
        said += ", watching only"
    if conditions.speed != 1:
        said += f"; {conditions.speed:g} times faster than life: a smoke test, no figures"
    return said


def report(conditions: Conditions, files: Sequence[FileRecord]) -> dict[str, Any]:
    """Everything that a table shows, and what it was made of; `compare` reads the files back from it."""
    groups = {"all": list(files), **by_language(files)}
    return {
        "conditions": conditions.model_dump(mode="json"),
        "figures": {
            name: {line.name: {"unit": line.unit, **_interval(line.value)} for line in lines(group)}
            for name, group in groups.items()
        },
        "totals": dict(totals(files)),
        "files": [file.model_dump(mode="json") for file in files],
    }


def compared(first: Sequence[FileRecord], second: Sequence[FileRecord]) -> dict[str, Rows]:
    """Rows of differences over all files, and for each language where there are several."""
    groups = {"all": (list(first), list(second))}
    theirs = by_language(second)
    shared = {name: (group, theirs[name]) for name, group in by_language(first).items() if name in theirs}
    if len(shared) > 1:
        groups |= shared
    return {name: difference_rows(differences(*both)) for name, both in groups.items()}


def number(value: float, unit: str) -> str:
    """A figure for people."""
    if math.isnan(value):
        return "none"
    return f"{value:.1%}" if unit == "%" else f"{value:.0f} ms" if unit == "ms" else f"{value:.2f}"


def _value(line: Line) -> str:
    said = number(line.value.estimate, line.unit)
    if math.isnan(line.value.low):
        return said
    return f"{said} ({number(line.value.low, line.unit)} to {number(line.value.high, line.unit)})"


def signed(d: Difference) -> str:
    """A difference with its sign and interval, for people."""

    def with_sign(value: float) -> str:
        return number(value, d.unit) if math.isnan(value) or value < 0 else f"+{number(value, d.unit)}"

    value = d.difference
    said = with_sign(value.estimate)
    return said if math.isnan(value.low) else f"{said} ({with_sign(value.low)} to {with_sign(value.high)})"


def _interval(value: Interval) -> dict[str, float | None]:
    return {
        name: None if math.isnan(each) else each
        for name, each in (("value", value.estimate), ("low", value.low), ("high", value.high))
    }

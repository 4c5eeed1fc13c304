"""What came of a replay: figures with intervals over files, and paired differences of two replays.

A share over several files is the ratio of two sums, and a percentile is taken over all strokes; the intervals are
those of a bootstrap that draws whole files (Efron 1979; strokes of one file belong together), 95 %, percentile method.
With a single file there is no interval. Pure, and the same for the same seed.

A stroke that no text followed before the next one has no time; those are in `never right`, and in no percentile.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import ConfigError
from evaluation.replay.person import Verdict
from evaluation.replay.records import Conditions, FileRecord
from evaluation.scoring.statistics import Interval

DRAWS = 1000

Statistic = Callable[[Sequence[FileRecord]], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table. `unit` is `%`, `ms` or empty."""

    name: str
    unit: str
    of: Statistic


def _ratio(over: Callable[[FileRecord], float], under: Callable[[FileRecord], float]) -> Statistic:
    def ratio(files: Sequence[FileRecord]) -> float:
        below = sum(map(under, files))
        return sum(map(over, files)) / below if below else math.nan

    return ratio


def shown(file: FileRecord) -> int:
    """Proposals that were on display."""
    return sum(file.verdicts.values())


def _read(file: FileRecord) -> int:
    return shown(file) - file.verdicts.get(Verdict.FLASHED, 0)


def _of_verdict(*verdicts: Verdict) -> Callable[[FileRecord], float]:
    return lambda file: sum(file.verdicts.get(verdict, 0) for verdict in verdicts)


def _percentile(share: float, *, right: bool) -> Statistic:
    def percentile(files: Sequence[FileRecord]) -> float:
        times = np.concatenate([file.right_times_ms if right else file.any_times_ms for file in files])
        return float(np.percentile(times, share * 100)) if len(times) else math.nan

    return percentile


def _times(file: FileRecord, *, right: bool) -> list[float | None]:
    return [moment.right_ms if right else moment.any_ms for moment in file.moments]


def computed_tokens(file: FileRecord) -> float:
    """Prompt tokens computed, those of requests that told nothing taken as many as the others of the file had."""
    return _all_requests(file, file.usage.computed_tokens)


def _all_requests(file: FileRecord, tokens: int) -> float:
    told = file.usage.sent - file.usage.unknown
    return tokens * file.usage.sent / told if told > 0 else 0.0


FIGURES = (
    Figure("characters saved", "%", _ratio(lambda f: f.saved, lambda f: f.characters)),
    Figure("keys pressed per character", "", _ratio(lambda f: f.strokes + f.taking_strokes, lambda f: f.characters)),
    Figure("proposals shown per 100 characters", "", _ratio(lambda f: 100 * shown(f), lambda f: f.characters)),
    Figure("taken whole, of those read", "%", _ratio(_of_verdict(Verdict.WHOLE), _read)),
    Figure("taken in part, of those read", "%", _ratio(_of_verdict(Verdict.PART), _read)),
    Figure("wrong, of those read", "%", _ratio(_of_verdict(Verdict.WRONG), _read)),
    Figure(
        "wrong per 100 characters", "", _ratio(lambda f: 100 * f.verdicts.get(Verdict.WRONG, 0), lambda f: f.characters)
    ),
    Figure("gone before it was read, of those shown", "%", _ratio(_of_verdict(Verdict.FLASHED), shown)),
    Figure("key to right text, p50", "ms", _percentile(0.5, right=True)),
    Figure("key to right text, p95", "ms", _percentile(0.95, right=True)),
    Figure(
        "never right before the next key",
        "%",
        _ratio(lambda f: _times(f, right=True).count(None), lambda f: len(f.moments)),
    ),
    Figure("key to any text, p50", "ms", _percentile(0.5, right=False)),
    Figure("key to any text, p95", "ms", _percentile(0.95, right=False)),
    Figure(
        "never a text before the next key",
        "%",
        _ratio(lambda f: _times(f, right=False).count(None), lambda f: len(f.moments)),
    ),
    Figure("requests per key", "", _ratio(lambda f: f.usage.sent, lambda f: f.strokes)),
    Figure("requests cancelled", "%", _ratio(lambda f: f.usage.cancelled, lambda f: f.usage.sent)),
    Figure("requests failed", "%", _ratio(lambda f: f.usage.failed, lambda f: f.usage.sent)),
    Figure("prompt tokens computed per character", "", _ratio(computed_tokens, lambda f: f.characters)),
    Figure("prompt tokens computed per key", "", _ratio(computed_tokens, lambda f: f.strokes)),
    Figure(
        "of a prompt's tokens, computed anew",
        "%",
        _ratio(lambda f: f.usage.computed_tokens, lambda f: f.usage.prompt_tokens),
    ),
    Figure(
        "tokens generated per character",
        "",
        _ratio(lambda f: _all_requests(f, f.usage.generated_tokens), lambda f: f.characters),
    ),
)
"""Every line of a table. Ratios are of sums over files."""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure's value with its interval over files; `low` and `high` are equal to nothing for a single file."""

    name: str
    unit: str
    value: Interval


@dataclass(frozen=True, slots=True)
class Difference:
    """Two replays in one figure, over the same files: first, second, second - first with its paired interval."""

    name: str
    unit: str
    first: float
    second: float
    difference: Interval

    @property
    def is_real(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.difference.low > 0 or self.difference.high < 0


def lines(files: Sequence[FileRecord], seed: int = 0) -> list[Line]:
    """Every figure of a replay. Raises `ValueError` without files."""
    if not files:
        raise ValueError("no files to take figures of")

    def line(figure: Figure) -> Line:
        def statistic(chosen: Sequence[int]) -> float:
            return figure.of([files[number] for number in chosen])

        return Line(figure.name, figure.unit, _interval(statistic, len(files), seed))

    return [line(figure) for figure in FIGURES]


def by_language(files: Sequence[FileRecord]) -> dict[str, list[FileRecord]]:
    """The files of each language, in the order of the first of each."""
    groups: dict[str, list[FileRecord]] = {}
    for file in files:
        groups.setdefault(file.language, []).append(file)
    return groups


def differences(first: Sequence[FileRecord], second: Sequence[FileRecord], seed: int = 0) -> list[Difference]:
    """Second minus first in every figure, over the files that both have; the bootstrap draws pairs.

    Times to text are compared in the strokes where both had one (`paired`), beside each one's own percentiles.
    Raises `ConfigError` where no file is in both.
    """
    ours, theirs = {f.file: f for f in first}, {f.file: f for f in second}
    names = [name for name in ours if name in theirs]
    if not names:
        raise ConfigError("the two replays have no file in common; replay the same files with both")
    pairs = [(ours[name], theirs[name]) for name in names]

    def difference(
        of: Callable[[Sequence[tuple[FileRecord, FileRecord]]], tuple[float, float]], name: str, unit: str
    ) -> Difference:
        one, other = of(pairs)

        def statistic(chosen: Sequence[int]) -> float:
            before, after = of([pairs[n] for n in chosen])
            return after - before

        return Difference(name, unit, one, other, _interval(statistic, len(pairs), seed))

    def of_figure(figure: Figure) -> Callable[[Sequence[tuple[FileRecord, FileRecord]]], tuple[float, float]]:
        return lambda chosen: (figure.of([a for a, _ in chosen]), figure.of([b for _, b in chosen]))

    found = [difference(of_figure(figure), figure.name, figure.unit) for figure in FIGURES]
    for share in (0.5, 0.95):
        name = f"key to right text where both are right, p{share * 100:.0f}"
        found.append(difference(lambda chosen, s=share: _paired(chosen, s), name, "ms"))  # type: ignore[misc]
    return found


def comparable(first: Conditions, second: Conditions) -> str:
    """What keeps two replays from having the same strokes, in one line; nothing where they have."""
    names = ("seed", "characters", "inside", "minutes", "speed", "rhythm", "habits")
    differing = [name for name in names if getattr(first, name) != getattr(second, name)]
    return f"the two replays differ in {', '.join(differing)}" if differing else ""


def totals(files: Sequence[FileRecord]) -> Mapping[str, int]:
    """Plain counts over all files."""
    counts: Counter[str] = Counter()
    for file in files:
        counts.update(characters=file.characters, saved=file.saved, keys=file.strokes, keys_to_take=file.taking_strokes)
        counts.update({f"proposals_{verdict}": count for verdict, count in file.verdicts.items()})
        counts.update({f"usage_{name}": count for name, count in file.usage.model_dump().items()})
    return counts


def _paired(pairs: Sequence[tuple[FileRecord, FileRecord]], share: float) -> tuple[float, float]:
    one, other = [], []
    for first, second in pairs:
        theirs = {moment.place: moment.right_ms for moment in second.moments}
        for moment in first.moments:
            there = theirs.get(moment.place)
            if moment.right_ms is not None and there is not None:
                one.append(moment.right_ms)
                other.append(there)
    if not one:
        return math.nan, math.nan
    return float(np.percentile(one, share * 100)), float(np.percentile(other, share * 100))


def _interval(statistic: Callable[[Sequence[int]], float], count: int, seed: int) -> Interval:
    estimate = statistic(range(count))
    if count == 1 or math.isnan(estimate):
        return Interval(estimate, math.nan, math.nan)
    generator = np.random.default_rng(seed)
    drawn = [statistic(generator.integers(0, count, count).tolist()) for _ in range(DRAWS)]
    kept = [value for value in drawn if not math.isnan(value)]
    low, high = np.percentile(kept, [2.5, 97.5])
    return Interval(estimate, float(low), float(high))

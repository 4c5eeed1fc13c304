"""A training's curve as plots of lines: where each point stands, and what is written on the axes. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Points = Sequence[tuple[float, float]]

MOST_POINTS = 400
_STEPS = 4


@dataclass(frozen=True, slots=True)
class PlotLine:
    """A line: its name, its points in a square of 100 x 100, and its first and last value."""

    name: str
    points: str
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over tokens. Ticks are (place from the left or the top, 0 to 1; what stands there)."""

    title: str
    note: str
    lines: tuple[PlotLine, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def plots_of(curve: Sequence[Mapping[str, Any]]) -> list[Plot]:
    """The loss, and bits per byte of each group of held-out texts; what was never measured is left out."""
    losses = [(float(point["tokens"]), float(point["loss"])) for point in curve if "loss" in point]
    groups: dict[str, list[tuple[float, float]]] = {}
    for point in curve:
        for group, value in (point.get("bits_per_byte") or {}).items():
            groups.setdefault(group, []).append((float(point["tokens"]), float(value)))
    found = []
    if len(losses) > 1:
        found.append(plot("Loss", "Of what is trained on, in nats a token.", {"loss": losses}))
    if held := {name: points for name, points in groups.items() if len(points) > 1}:
        found.append(plot("Held-out bits per byte", "Of texts that are never trained on; lower is better.", held))
    rewards = {
        name: [(float(point["tokens"]), float(point[key])) for point in curve if key in point]
        for name, key in (("reward", "reward"), ("answers that pass", "passed"), ("held out, greedy", "pass_rate"))
    }
    if any(len(points) > 1 for points in rewards.values()):
        shown = {name: points for name, points in rewards.items() if len(points) > 1}
        found.append(plot("Reward", "Of the answers to each step's tasks, and of tasks that are held out.", shown))
    return found


def plot(title: str, note: str, lines: Mapping[str, Points]) -> Plot:
    """A plot of several lines on common axes, which start at whole steps."""
    values = [value for points in lines.values() for _, value in points if math.isfinite(value)]
    end = max(tokens for points in lines.values() for tokens, _ in points) or 1.0
    low, high = _whole(min(values), max(values))
    return Plot(
        title=title,
        note=note,
        lines=tuple(
            PlotLine(name, _polyline(points, end, low, high), points[0][1], points[-1][1])
            for name, points in sorted(lines.items())
        ),
        across=tuple((step / _STEPS, _tokens(end * step / _STEPS)) for step in range(_STEPS + 1)),
        up=tuple((1 - step / _STEPS, f"{low + (high - low) * step / _STEPS:.3g}") for step in range(_STEPS + 1)),
    )


def _polyline(points: Points, end: float, low: float, high: float) -> str:
    every = max(1, math.ceil(len(points) / MOST_POINTS))
    kept = [*points[:-1:every], points[-1]]
    return " ".join(
        f"{tokens / end * 100:.2f},{(high - value) / (high - low) * 100:.2f}"
        for tokens, value in kept
        if math.isfinite(value)
    )


def _whole(low: float, high: float) -> tuple[float, float]:
    """The two ends, widened to multiples of a round step."""
    step = 10.0 ** math.floor(math.log10(max(high - low, abs(high) * 0.01, 1e-6)))
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    return (first, last) if last > first else (first, first + step)


def _tokens(count: float) -> str:
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= unit:
            return f"{count / unit:.3g}{name}"
    return f"{count:.0f}"

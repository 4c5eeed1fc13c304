"""Draw a training curve: loss and held-out bits per byte over tokens."""

from __future__ import annotations

from pathlib import Path

from training.curve import read_curve

_SMOOTHED = 10
"""Steps whose mean reward is one point."""


def plot_curve(curve: Path, picture: Path) -> None:
    """Write `picture` (its suffix decides the format) from a `curve.jsonl`."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    lines = read_curve(curve)
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    losses = [line for line in lines if "loss" in line]
    left.plot([line["tokens"] / 1e6 for line in losses], [line["loss"] for line in losses], linewidth=0.8)
    left.set(xlabel="million tokens", ylabel="training loss (nats a token)")
    points = [line for line in lines if "bits_per_byte" in line]
    for language in sorted({name for line in points for name in line["bits_per_byte"]}):
        held = [(line["tokens"] / 1e6, line["bits_per_byte"][language]) for line in points]
        right.plot(*zip(*held, strict=True), marker=".", label=language)
    right.set(xlabel="million tokens", ylabel="held-out bits per byte", yscale="log")
    if points:
        right.legend()
    figure.savefig(picture)


def plot_rewards(curve: Path, picture: Path) -> None:
    """Write `picture` from the `curve.jsonl` of a training with rewards: its parts, and the held-out pass rate."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    lines = read_curve(curve)
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [line for line in lines if "parts" in line]
    groups = [steps[first : first + _SMOOTHED] for first in range(0, len(steps), _SMOOTHED)]
    for name in steps[0]["parts"] if steps else ():
        means = [(group[-1]["step"], sum(line["parts"][name] for line in group) / len(group)) for group in groups]
        left.plot(*zip(*means, strict=True), marker=".", label=name)
    left.set(xlabel="steps", ylabel=f"parts of the reward (means of {_SMOOTHED} steps)")
    if steps:
        left.legend()
    held = [(line["step"], line["pass_rate"]) for line in lines if "pass_rate" in line]
    if held:
        right.plot(*zip(*held, strict=True), marker="o")
    right.set(xlabel="steps", ylabel="held-out pass rate, greedy", ylim=(0, None))
    figure.savefig(picture)

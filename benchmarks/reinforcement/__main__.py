"""Run the experiment of README.md: `python -m benchmarks.reinforcement`; what is finished is not run again."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.paper.analysis import Passed, by_families, contrasts
from benchmarks.reinforcement.family import problems, write
from core.files import write_atomically
from core.language_files import load_languages
from evaluation.formats import read_benchmark
from evaluation.models.base import Chat
from evaluation.runs import read_results
from evaluation.strategies.chat import Ask, solution
from training.curve import read_curve

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs" / "reinforcement"
MODELS = ROOT / "examples" / "models"
COUNTS = {"taught": 1200, "practised": 300, "development": 100, "final": 300}
SAMPLES = 8
ARMS = ("taught", "grpo", "rejection")
CONTRASTS = (("grpo", "taught"), ("rejection", "taught"), ("grpo", "rejection"))

TEACHING: dict[str, Any] = {
    "epochs": 2,
    "row_tokens": 512,
    "rows_at_once": 4,
    "tokens_per_step": 4096,
    "measure_every_steps": 1000,
    "optimizer": {"learning_rate": 1e-3, "beta2": 0.98, "warmup_share": 0.05},
}
GRPO: dict[str, Any] = {
    "steps": 60,
    "tasks_per_step": 4,
    "samples": SAMPLES,
    "rows_at_once": 32,
    "max_new_tokens": 120,
    "temperature": 1.0,
    "measure_every_steps": 20,
    "policy": {"learning_rate": 1e-4, "schedule": "constant_with_warmup"},
}
REJECTION: dict[str, Any] = {
    "epochs": 2,
    "row_tokens": 512,
    "rows_at_once": 4,
    "tokens_per_step": 4096,
    "measure_every_steps": 1000,
    "optimizer": {"learning_rate": 3e-4, "beta2": 0.98, "warmup_share": 0.05},
}


def main() -> None:
    """Make the tasks and the taught model, run the arms of all seeds, then the analysis."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--split", choices=("development", "final"), default="final")
    parser.add_argument("--threads", type=int, default=1, help="cores of each training")
    parser.add_argument("--run", action="store_true", help="analyse nothing: for seeds that are run side by side")
    given = parser.parse_args()
    for part, count in COUNTS.items():
        if not (RUNS / f"{part}.jsonl").exists():
            write(RUNS / f"{part}.jsonl", problems(part, count))  # type: ignore[arg-type]
    taught = teach(given.threads)
    measure(taught, RUNS / given.split / "taught", given.split)
    for seed in given.seeds:
        folder = RUNS / given.split / f"seed-{seed}"
        measure(grpo(taught, folder, seed, given.threads), folder / "grpo", given.split)
        measure(rejection(taught, folder, seed, given.threads), folder / "rejection", given.split)
    if given.run:
        return
    result = analyse(given.split, given.seeds)
    place = ROOT / "benchmarks" / "results" / f"reinforcement-{given.split}.json"
    write_atomically(place, json.dumps(result, indent=1) + "\n")
    print(table(result))


def teach(threads: int) -> Path:
    """The embedded instruct model, tuned on solutions of the kinds that are taught."""
    model = RUNS / "taught" / "tune" / "model"
    if model.exists():  # a seed beside this one may be reading it
        return model
    conversations = RUNS / "taught.conversations.jsonl"
    if not conversations.exists():
        lua, ask, lines = load_languages(()).named("lua"), Ask(), []
        for task in read_benchmark(RUNS / "taught.jsonl").tasks:
            prompt = ask.prompt(task, lua)
            assert isinstance(prompt, Chat)
            turns = [{"role": turn.role, "content": turn.text} for turn in prompt.messages]
            lines.append(json.dumps({"messages": [*turns, {"role": "assistant", "content": solution(task, lua)}]}))
        write_atomically(conversations, "".join(f"{line}\n" for line in lines))
    tune = {"conversations": str(conversations), "threads": threads, **TEACHING}
    train("taught", RUNS / "taught", MODELS / "embedded-instruct", tune=tune)
    return model


def grpo(taught: Path, folder: Path, seed: int, threads: int) -> Path:
    """The taught model after reinforcement on the tasks that are practised."""
    part = {
        "model": "instruct",
        "tasks": [{"file": str(RUNS / "practised.jsonl")}],
        "held_out": [{"file": str(RUNS / "development.jsonl")}],
        "seed": seed,
        "threads": threads,
        **GRPO,
    }
    return train(f"grpo-{seed}", folder / "grpo-run", taught, reinforce=part) / "reinforce" / "model"


def rejection(taught: Path, folder: Path, seed: int, threads: int) -> Path:
    """The taught model, tuned on those of its answers to the same tasks that pass."""
    data = folder / "data"
    recipe = {
        "name": f"rejection-{seed}",
        "model": {"model": str(taught)},
        "seed": seed,
        "temperature": GRPO["temperature"],
        "max_new_tokens": GRPO["max_new_tokens"],
        "held_out": 0.0,
        "similarity": None,
        "sample": {"benchmarks": [str(RUNS / "practised.jsonl")], "samples": SAMPLES, "keep": SAMPLES},
    }
    command("synthesise", written(folder / "data.yaml", recipe), "--output", data)
    tune = {"conversations": str(data / "train.jsonl"), "seed": seed, "threads": threads, **REJECTION}
    return train(f"rejection-{seed}", folder / "rejection-run", taught, tune=tune) / "tune" / "model"


def train(name: str, folder: Path, instruct: Path, **parts: Any) -> Path:
    """Run a recipe of one part; the run's folder."""
    recipe = {"name": name, "base": str(MODELS / "embedded-base"), "instruct": str(instruct), **parts}
    command("train", written(folder.with_suffix(".yaml"), recipe), "--output", folder)
    return folder


def measure(model: Path, folder: Path, split: str) -> None:
    """One greedy answer to each task of the split."""
    tasks = RUNS / f"{split}.jsonl"
    longest = str(GRPO["max_new_tokens"])
    options: list[str | Path] = ["--strategy", "zero-shot", "--max-new-tokens", longest, "--output", folder]
    command("evaluate", tasks, "--model", model, *options)


def command(*words: str | Path) -> None:
    """The product's own command."""
    program = Path(sys.executable).parent / "vernacular"
    subprocess.run([program, *words], check=True, env={**os.environ, "OMP_WAIT_POLICY": "passive"})


def written(path: Path, recipe: Mapping[str, Any]) -> Path:
    """The recipe as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, yaml.safe_dump(dict(recipe), sort_keys=False))
    return path


def analyse(split: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Everything that the plan asks for, as JSON."""
    folders = [RUNS / split / f"seed-{seed}" for seed in seeds]
    arms: dict[str, list[Passed]] = {"taught": [passed(RUNS / split / "taught")]}
    for name in ARMS[1:]:
        arms[name] = [passed(folder / name) for folder in folders]
    family = {task: task.rpartition("-")[0].rpartition("-")[0] for task in arms["taught"][0]}
    found: dict[str, Any] = {"split": split, "seeds": list(seeds), "tasks": len(family), "arms": {}, "contrasts": []}
    for name, runs in arms.items():
        groups: dict[str, list[float]] = {}
        for run in runs:
            for task, right in run.items():
                groups.setdefault(family[task], []).append(float(right))
        found["arms"][name] = {
            "passed": [sum(run.values()) for run in runs],
            "share": interval(by_families(list(groups.values()))),
        }
    for each in contrasts(CONTRASTS, arms, family):
        tests = [
            {"won": test.won, "lost": test.lost, "p": float(f"{test.p_value:.3g}"), "p_holm": float(f"{corrected:.3g}")}
            for test, corrected in zip(each.tests, each.corrected, strict=True)
        ]
        difference = interval(each.difference)
        found["contrasts"].append(
            {"first": each.first, "second": each.second, "difference": difference, "seeds": tests}
        )
    found["curves"] = {seed: curve(folder) for seed, folder in zip(seeds, folders, strict=True)}
    return found


def curve(folder: Path) -> dict[str, Any]:
    """Held-out pass rate by step, the reward by tens of steps, and the share of a step that waited for programs."""
    points = read_curve(folder / "grpo-run" / "reinforce" / "curve.jsonl")
    steps = [point for point in points if "parts" in point]
    tens = [steps[first : first + 10] for first in range(0, len(steps), 10)]
    return {
        "held_out": {point["step"]: point["pass_rate"] for point in points if "pass_rate" in point},
        "reward": {ten[-1]["step"]: round(sum(point["reward"] for point in ten) / len(ten), 4) for ten in tens},
        "waited": round(sum(p["waited_s"] for p in steps) / sum(p["seconds_s"] for p in steps), 4),
    }


def passed(folder: Path) -> Passed:
    """Task -> passed, of a finished run."""
    return {result.task: result.passed for result in read_results(folder)}


def interval(found: Any) -> list[float]:
    """Estimate, low, high."""
    return [round(value, 5) for value in (found.estimate, found.low, found.high)]


def table(result: Mapping[str, Any]) -> str:
    """The result as Markdown."""
    lines = ["| arm | passed, by seed | pass@1 (95 %) |", "| --- | --- | --- |"]
    for name, row in result["arms"].items():
        share, low, high = row["share"]
        counts = "; ".join(f"{count} of {result['tasks']}" for count in row["passed"])
        lines.append(f"| {name} | {counts} | {share:.1%} ({low:.1%} to {high:.1%}) |")
    lines += ["", "| contrast | difference (95 %) | won : lost by seed | p by Holm |", "| --- | --- | --- | --- |"]
    for row in result["contrasts"]:
        mean, low, high = row["difference"]
        won = "; ".join(f"{seed['won']} : {seed['lost']}" for seed in row["seeds"])
        p = "; ".join(f"{seed['p_holm']:.3g}" for seed in row["seeds"])
        lines.append(f"| {row['first']} - {row['second']} | {mean:+.1%} ({low:+.1%} to {high:+.1%}) | {won} | {p} |")
    lines += ["", "| seed | held-out pass rate by step | reward by ten steps | waited |", "| --- | --- | --- | --- |"]
    for seed, found in result["curves"].items():
        held = ", ".join(f"{step}: {rate:.0%}" for step, rate in found["held_out"].items())
        reward = ", ".join(f"{value:.2f}" for value in found["reward"].values())
        lines.append(f"| {seed} | {held} | {reward} | {found['waited']:.1%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

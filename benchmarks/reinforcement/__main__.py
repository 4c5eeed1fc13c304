"""Run the experiment of README.md: `python -m benchmarks.reinforcement`; what is finished is not run again."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.paper.analysis import Passed, by_families, contrasts
from benchmarks.reinforcement.crossed import crossed
from benchmarks.reinforcement.family import problems, write
from benchmarks.reinforcement.rounds import LONGEST, REJECTION, ROUNDS, SAMPLES, TEACHING, Round
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
ARMS = ("taught", "grpo", "rejection")
CONTRASTS = (("grpo", "taught"), ("rejection", "taught"), ("grpo", "rejection"))


def main() -> None:
    """Make the tasks and the taught model, run the arms of all seeds, then the analysis."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--round", type=int, choices=tuple(ROUNDS), default=max(ROUNDS))
    parser.add_argument("--seeds", type=int, nargs="+", help="default: the round's")
    parser.add_argument("--split", choices=("development", "final"), default="final")
    parser.add_argument("--grpo", help="run these settings of reinforcement and nothing else, on development tasks")
    parser.add_argument("--threads", type=int, default=1, help="cores of each training")
    parser.add_argument("--run", action="store_true", help="analyse nothing: for seeds that are run side by side")
    given = parser.parse_args()
    experiment = Experiment(ROUNDS[given.round], given.threads)
    if given.grpo and given.grpo not in experiment.round.grpo:
        parser.error(f"--grpo {given.grpo}: round {given.round} has {', '.join(experiment.round.grpo)}")
    seeds = given.seeds or list(experiment.round.seeds)
    experiment.prepare()
    if given.grpo:
        for seed in seeds:
            experiment.grpo(experiment.folder / "development" / given.grpo / f"seed-{seed}", seed, given.grpo)
        return
    experiment.run(given.split, seeds)
    if given.run:
        return
    result = analyse(experiment, given.split, seeds)
    place = ROOT / "benchmarks" / "results" / f"reinforcement-{given.round}-{given.split}.json"
    write_atomically(place, json.dumps(result, indent=1) + "\n")
    print(table(result))


@dataclass(frozen=True, slots=True)
class Experiment:
    """One round; what is finished in `folder` is not run again."""

    round: Round
    threads: int

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return RUNS / f"round-{self.round.number}"

    def tasks(self, part: str) -> Path:
        """The file with a part's tasks."""
        return self.folder / f"{part}.jsonl"

    @property
    def taught(self) -> Path:
        """The model that all arms begin with."""
        return self.folder / "taught" / "tune" / "model"

    def prepare(self) -> None:
        """The tasks, and the embedded instruct model tuned on solutions of the kinds that are taught."""
        for part, kinds in self.round.kinds.items():
            if not self.tasks(part).exists():
                write(self.tasks(part), problems(part, kinds, self.round.counts[part], self.round.draw))
        if self.taught.exists():  # a seed beside this one may be reading it
            return
        conversations = self.folder / "taught.conversations.jsonl"
        if not conversations.exists():
            lua, ask, lines = load_languages(()).named("lua"), Ask(), []
            for task in read_benchmark(self.tasks("taught")).tasks:
                prompt = ask.prompt(task, lua)
                assert isinstance(prompt, Chat)
                turns = [{"role": turn.role, "content": turn.text} for turn in prompt.messages]
                lines.append(json.dumps({"messages": [*turns, {"role": "assistant", "content": solution(task, lua)}]}))
            write_atomically(conversations, "".join(f"{line}\n" for line in lines))
        tune = {"conversations": str(conversations), "threads": self.threads, **TEACHING}
        train("taught", self.folder / "taught", MODELS / "embedded-instruct", tune=tune)

    def run(self, split: str, seeds: Sequence[int]) -> None:
        """All arms; one greedy answer to each task of the split, and to each practised task greedy and sampled."""
        self.measure(self.taught, self.folder / split / "taught", split)
        for seed in seeds:
            folder = self.folder / split / f"seed-{seed}"
            self.measure(self.grpo(folder, seed, self.round.chosen), folder / "grpo", split)
            self.measure(self.rejection(folder, seed), folder / "rejection", split)

    def grpo(self, folder: Path, seed: int, settings: str) -> Path:
        """The taught model after reinforcement on the tasks that are practised, or on those solved sometimes."""
        part = {
            "model": "instruct",
            "tasks": [
                {"file": str(self.solved_sometimes() if settings in self.round.selected else self.tasks("practised"))}
            ],
            "held_out": [{"file": str(self.tasks("development"))}],
            "seed": seed,
            "threads": self.threads,
            **self.round.grpo[settings],
        }
        return train(f"grpo-{seed}", folder / "grpo-run", self.taught, reinforce=part) / "reinforce" / "model"

    def solved_sometimes(self) -> Path:
        """The practised tasks that the taught model solves in 1 to 7 of 8 samples."""
        answers, chosen = self.folder / "difficulty", self.folder / "practised.sometimes.jsonl"
        if not chosen.exists():
            sampled = ["--samples", str(SAMPLES), "--temperature", "1"]
            self.evaluate("practised", self.taught, answers, *sampled)
            command("benchmarks", "select", self.tasks("practised"), "--by", answers, "--output", chosen)
        return chosen

    def rejection(self, folder: Path, seed: int) -> Path:
        """The taught model, tuned on those of its answers to the same tasks that pass."""
        data = folder / "data"
        recipe = {
            "name": f"rejection-{seed}",
            "model": {"model": str(self.taught)},
            "seed": seed,
            "temperature": 1.0,
            "max_new_tokens": LONGEST,
            "held_out": 0.0,
            "similarity": None,
            "sample": {"benchmarks": [str(self.tasks("practised"))], "samples": SAMPLES, "keep": SAMPLES},
        }
        command("synthesise", written(folder / "data.yaml", recipe), "--output", data)
        tune = {"conversations": str(data / "train.jsonl"), "seed": seed, "threads": self.threads, **REJECTION}
        return train(f"rejection-{seed}", folder / "rejection-run", self.taught, tune=tune) / "tune" / "model"

    def measure(self, model: Path, folder: Path, split: str) -> None:
        """One greedy answer to each task of the split; of those practised, one greedy and one at temperature 1."""
        practised = folder.parent / "practised"
        self.evaluate(split, model, folder)
        self.evaluate("practised", model, practised / f"{folder.name}-greedy")
        self.evaluate("practised", model, practised / f"{folder.name}-sampled", "--temperature", "1")

    def evaluate(self, part: str, model: Path, folder: Path, *options: str) -> None:
        """Answers to the tasks of a part, executed; greedy unless the options say otherwise."""
        always = ["--strategy", "zero-shot", "--max-new-tokens", str(LONGEST)]
        command("evaluate", self.tasks(part), "--model", model, *always, *options, "--output", folder)


def train(name: str, folder: Path, instruct: Path, **parts: Any) -> Path:
    """Run a recipe of one part; the run's folder."""
    recipe = {"name": name, "base": str(MODELS / "embedded-base"), "instruct": str(instruct), **parts}
    command("train", written(folder.with_suffix(".yaml"), recipe), "--output", folder)
    return folder


def command(*words: str | Path) -> None:
    """The product's own command."""
    program = Path(sys.executable).parent / "vernacular"
    subprocess.run([program, *words], check=True, env={**os.environ, "OMP_WAIT_POLICY": "passive"})


def written(path: Path, recipe: Mapping[str, Any]) -> Path:
    """The recipe as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, yaml.safe_dump(dict(recipe), sort_keys=False))
    return path


def analyse(experiment: Experiment, split: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Everything that the plan asks for, as JSON."""
    runs = experiment.folder / split
    folders = [runs / f"seed-{seed}" for seed in seeds]
    arms: dict[str, list[Passed]] = {"taught": [passed(runs / "taught")]}
    for name in ARMS[1:]:
        arms[name] = [passed(folder / name) for folder in folders]
    kinds = {task: kind_of(task) for task in arms["taught"][0]}
    found: dict[str, Any] = {"split": split, "seeds": list(seeds), "tasks": len(kinds), "arms": {}, "contrasts": []}
    for name, answered in arms.items():
        places = [runs] if name == "taught" else folders
        groups: dict[str, list[float]] = {}
        for run in answered:
            for task, right in run.items():
                groups.setdefault(kinds[task], []).append(float(right))
        found["arms"][name] = {
            "passed": [sum(run.values()) for run in answered],
            "share": interval(by_families(list(groups.values()))),
            "practised": {
                how: [round(share(place / "practised" / f"{name}-{how}"), 4) for place in places]
                for how in ("greedy", "sampled")
            },
        }
    for each in contrasts(CONTRASTS, arms, kinds):
        tests = [
            {"won": test.won, "lost": test.lost, "p": float(f"{test.p_value:.3g}"), "p_holm": float(f"{corrected:.3g}")}
            for test, corrected in zip(each.tests, each.corrected, strict=True)
        ]
        found["contrasts"].append(
            {
                "first": each.first,
                "second": each.second,
                "difference": interval(each.difference),
                "crossed": interval(crossed(arms[each.first], arms[each.second], kinds)),
                "seeds": tests,
            }
        )
    found["curves"] = {seed: curve(folder) for seed, folder in zip(seeds, folders, strict=True)}
    return found


def curve(folder: Path) -> dict[str, Any]:
    """Held-out pass rate by step; by tens of steps reward, entropy, and share of tasks whose answers all got the same
    reward; the share of a step that waited for programs."""
    points = read_curve(folder / "grpo-run" / "reinforce" / "curve.jsonl")
    steps = [point for point in points if "parts" in point]
    tens = [steps[first : first + 10] for first in range(0, len(steps), 10)]
    return {
        "held_out": {point["step"]: point["pass_rate"] for point in points if "pass_rate" in point},
        **{
            name: {ten[-1]["step"]: round(sum(point[name] for point in ten) / len(ten), 4) for ten in tens}
            for name in ("reward", "entropy", "same")
        },
        "waited": round(sum(p["waited_s"] for p in steps) / sum(p["seconds_s"] for p in steps), 4),
    }


def kind_of(task: str) -> str:
    """`even-doubled-sum` of `even-doubled-sum-0-0`."""
    return task.rpartition("-")[0].rpartition("-")[0]


def passed(folder: Path) -> Passed:
    """Task -> passed, of a finished run."""
    return {result.task: result.passed for result in read_results(folder)}


def share(folder: Path) -> float:
    """Passed tasks of a finished run."""
    found = passed(folder)
    return sum(found.values()) / len(found)


def interval(found: Any) -> list[float]:
    """Estimate, low, high."""
    return [round(value, 5) for value in (found.estimate, found.low, found.high)]


def table(result: Mapping[str, Any]) -> str:
    """The result as Markdown."""
    lines = ["| arm | passed, by seed | pass@1 (95 %) | practised tasks: greedy; at temperature 1 |"]
    lines += ["| --- | --- | --- | --- |"]
    for name, row in result["arms"].items():
        mean, low, high = row["share"]
        counts = "; ".join(f"{count} of {result['tasks']}" for count in row["passed"])
        greedy, sampled = (", ".join(f"{rate:.0%}" for rate in row["practised"][how]) for how in ("greedy", "sampled"))
        lines.append(f"| {name} | {counts} | {mean:.1%} ({low:.1%} to {high:.1%}) | {greedy}; {sampled} |")
    lines += ["", "| contrast | difference (95 % over kinds) | (95 % over steps) | won : lost by seed | p by Holm |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for row in result["contrasts"]:
        (mean, low, high), (_, least, most) = row["difference"], row["crossed"]
        won = "; ".join(f"{seed['won']} : {seed['lost']}" for seed in row["seeds"])
        p = "; ".join(f"{seed['p_holm']:.3g}" for seed in row["seeds"])
        found = f"{mean:+.1%} ({low:+.1%} to {high:+.1%}) | {least:+.1%} to {most:+.1%}"
        lines.append(f"| {row['first']} - {row['second']} | {found} | {won} | {p} |")
    lines += ["", "| seed | held-out pass rate by step | reward | entropy | groups all alike | waited |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for seed, found in result["curves"].items():
        held = ", ".join(f"{step}: {rate:.0%}" for step, rate in found["held_out"].items())
        reward, entropy = (
            ", ".join(f"{value:.2f}" for value in found[name].values()) for name in ("reward", "entropy")
        )
        same = ", ".join(f"{value:.0%}" for value in found["same"].values())
        lines.append(f"| {seed} | {held} | {reward} | {entropy} | {same} | {found['waited']:.1%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

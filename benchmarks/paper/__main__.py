"""Run the experiment: `python -m benchmarks.paper`; what is finished is not run again."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.paper.analysis import Contrast, Passed, by_families, contrasts
from benchmarks.paper.obedience import measure
from core.files import write_atomically
from evaluation.runs import read_results
from evaluation.scoring.statistics import Interval

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LEVY = ROOT / "examples" / "levy"
RUNS = ROOT / "runs" / "paper"
RECIPE = HERE / "recipe.yaml"
PROGRAMS = 3000

FIRST = 1
ONCE = ("zero-shot", "few-shot", "retrieval")
"""Arms that no seed changes: run with the first one, number 1."""
CONTRASTS = (
    ("transferred", "zero-shot"),
    ("transferred", "few-shot"),
    ("transferred", "retrieval"),
    ("transferred", "tuned"),
    ("transferred", "instruct-pretrained"),
    ("transferred", "pretrained"),
    ("transferred-completion", "pretrained"),
    ("transferred-completion", "instruct-pretrained-completion"),
)
OBEDIENT = {
    "instruct": "",
    "tuned": "tune/model",
    "instruct-pretrained": "pretrain-instruct/model",
    "transferred": "model",
}
"""Arm -> where its model lies in a seed's run; the instruct model itself is the recipe's."""
OBEDIENCE_CONTRASTS = (("transferred", "instruct"), ("transferred", "instruct-pretrained"), ("transferred", "tuned"))


def main() -> None:
    """Run all seeds, then the analysis."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--split", choices=("development", "final"), default="final")
    parser.add_argument("--analyse", action="store_true", help="run nothing, analyse what is there")
    parser.add_argument("--run", action="store_true", help="analyse nothing: for seeds that are run side by side")
    given = parser.parse_args()
    if FIRST not in given.seeds and not given.run:
        parser.error(f"the analysis needs seed {FIRST}, with which the arms that no seed changes are run")
    tasks = prepare(given.split)
    seeds = {seed: RUNS / f"{given.split}-{seed}" for seed in given.seeds}
    for seed, run in seeds.items():
        if not given.analyse:
            train(seed, run, given.split, first=seed == FIRST)
    if given.run:
        return
    result = analyse(list(seeds.values()), tasks)
    result |= {"seeds": given.seeds, "split": given.split}
    place = ROOT / "benchmarks" / "results" / f"paper-{given.split}.json"
    write_atomically(place, json.dumps(result, indent=1) + "\n")
    print(table(result))


def prepare(split: str) -> Path:
    """The corpus, the examples of few-shot (development tasks), and the tasks of the split; their file."""
    if not (RUNS / "generated").exists():
        options = ["--count", str(PROGRAMS), "--seed", "1", "--output", str(RUNS / "generated")]
        subprocess.run([sys.executable, str(LEVY / "generate.py"), *options], check=True)
    lines = (LEVY / "benchmark" / "tasks.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    for name, wanted in (("examples", "development"), (split, split)):
        chosen = [line for line in lines if json.loads(line)["labels"]["split"] == wanted]
        write_atomically(RUNS / f"{name}.jsonl", "".join(chosen))
    return RUNS / f"{split}.jsonl"


def train(seed: int, run: Path, split: str, *, first: bool) -> None:
    """One seed, by the product's own command."""
    recipe: dict[str, Any] = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    recipe["name"] = f"paper-{split}-{seed}"
    for part in ("pretrain", "tune"):
        recipe[part]["seed"] = seed
    recipe["evaluate"]["benchmarks"][0]["where"]["split"] = split
    if not first:
        for arm in ONCE:
            del recipe["evaluate"]["arms"][arm]
    written = HERE / f".seed-{seed}.yaml"  # beside the recipe, whose paths are relative to it
    written.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "vernacular"), "train", str(written), "--output", str(run)]
    subprocess.run(command, check=True)


def analyse(runs: list[Path], tasks: Path) -> dict[str, Any]:
    """Everything that the plan asks for, as JSON."""
    family = {t["id"]: t["labels"]["family"] for t in map(json.loads, tasks.read_text("utf-8").splitlines())}
    recipe = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    names = recipe["evaluate"]["arms"]
    arms = {name: [passes(run, name) for run in (runs[:1] if name in ONCE else runs)] for name in names}
    forms: dict[str, list[Passed]] = {}
    for name, place in OBEDIENT.items():
        for run in runs[:1] if not place else runs:
            model = run / place if place else HERE / recipe["instruct"]
            forms.setdefault(name, []).append(
                measure(model, tasks, LEVY / "languages", run / "obedience" / f"{name}.json")
            )
    form_family = {key: family[key.split(" ")[0]] for key in forms["instruct"][0]}
    return {
        "pass@1": scores(arms, family),
        "pass@1 contrasts": [shown(each) for each in contrasts(CONTRASTS, arms, family)],
        "obedience": scores(forms, form_family),
        "obedience contrasts": [shown(each) for each in contrasts(OBEDIENCE_CONTRASTS, forms, form_family)],
    }


def passes(run: Path, arm: str) -> Passed:
    """Task -> passed, of a finished arm."""
    return {result.task: result.passed for result in read_results(run / "evaluate" / arm / "levy")}


def scores(arms: Mapping[str, Sequence[Passed]], family: Mapping[str, str]) -> dict[str, Any]:
    """Arm -> share by seed, and over all seeds with the interval by families."""
    found = {}
    for name, runs in arms.items():
        groups: dict[str, list[float]] = {}
        for run in runs:
            for task, passed in run.items():
                groups.setdefault(family[task], []).append(float(passed))
        found[name] = {
            "by_seed": [f"{sum(run.values())} of {len(run)}" for run in runs],
            "share": interval(by_families(list(groups.values()))),
        }
    return found


def shown(each: Contrast) -> dict[str, Any]:
    """A contrast as JSON."""
    return {
        "first": each.first,
        "second": each.second,
        "difference": interval(each.difference),
        "seeds": [
            {
                "won": test.won,
                "lost": test.lost,
                "odds_ratio": None if test.lost == 0 else round(test.won / test.lost, 3),
                "p": round(test.p_value, 6),
                "p_holm": round(corrected, 6),
            }
            for test, corrected in zip(each.tests, each.corrected, strict=True)
        ],
    }


def interval(found: Interval) -> list[float]:
    """Estimate, low, high."""
    return [round(value, 5) for value in (found.estimate, found.low, found.high)]


def table(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    lines = ["| arm | passed, by seed | pass@1 (95 %) |", "| --- | --- | --- |"]
    for part in ("pass@1", "obedience"):
        if part == "obedience":
            lines += ["", "| arm | obeyed, by seed | share (95 %) |", "| --- | --- | --- |"]
        for name, row in result[part].items():
            share, low, high = row["share"]
            lines.append(f"| {name} | {'; '.join(row['by_seed'])} | {share:.1%} ({low:.1%} to {high:.1%}) |")
    for part in ("pass@1 contrasts", "obedience contrasts"):
        lines += ["", f"| {part} | difference (95 %) | won : lost by seed | p by Holm |", "| --- | --- | --- | --- |"]
        for row in result[part]:
            mean, low, high = row["difference"]
            won = "; ".join(f"{seed['won']} : {seed['lost']}" for seed in row["seeds"])
            p = "; ".join(f"{seed['p_holm']:.3g}" for seed in row["seeds"])
            lines.append(
                f"| {row['first']} - {row['second']} | {mean:+.1%} ({low:+.1%} to {high:+.1%}) | {won} | {p} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

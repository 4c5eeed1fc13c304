"""Levy's recipe, left alone and killed five times: the same corpus, the same weights, bit for bit.

Runs the recipe up to the transfer in one folder; in another sends SIGKILL, at moments drawn by a seed, to the command
and to the training that it started, and runs it again each time; then compares every file that decides a model.

    python -m benchmarks.killed_recipe [--programs 600] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from benchmarks.report import publish, script
from core.checkpoint import file_sha256
from training.pipeline.orphans import working_on

LEVY = Path("examples/levy").resolve()
KILLS = 5
AGAIN_S = 15.0
"""What a start costs before it goes on where it was, about: imports, rows, compilation."""


def recipe(folder: Path, programs: int) -> Path:
    """Levy's own recipe on so many programs, with absolute paths, measured more often."""
    subprocess.run(
        [sys.executable, str(LEVY / "generate.py"), "--count", str(programs), "--output", str(folder / "generated")],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    content: dict[str, Any] = yaml.safe_load((LEVY / "recipe.yaml").read_text(encoding="utf-8"))
    for key in ("base", "instruct"):
        content[key] = str(LEVY / content[key])
    content["language_folders"] = [str(LEVY / "languages")]
    for source in content["corpus"]["sources"]:
        mine = source["folder"] == "generated"
        source["name"] = source["folder"]
        source["folder"] = str(folder / "generated") if mine else str(LEVY / source["folder"])
    content["corpus"]["decontamination"]["benchmarks"][0]["file"] = str(LEVY / "benchmark" / "tasks.jsonl")
    content["pretrain"]["measure_every_steps"] = 8
    del content["evaluate"], content["gate"]
    place = folder / "recipe.yaml"
    place.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return place


def start(file: Path, run: Path) -> subprocess.Popen[bytes]:
    """The command, in a process group of its own."""
    command = [script("vernacular"), "train", str(file), "--output", str(run)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


def killed(file: Path, run: Path, after_s: float) -> str:
    """Start, kill all of it after so many seconds; where it was then."""
    process = start(file, run)
    time.sleep(after_s)
    if process.poll() is not None:
        raise SystemExit("error: it finished before it could be killed five times; give more --programs")
    for each in (*working_on(run / "pretrain" / "job.json"), process.pid):
        os.kill(each, signal.SIGKILL)
    process.wait()
    steps = [int(path.name.partition("-")[2]) for path in (run / "pretrain" / "steps").glob("checkpoint-*")]
    return f"{after_s:.1f} s, {f'after checkpoint {max(steps)}' if steps else 'before a checkpoint'}"


def decided(run: Path) -> dict[str, str]:
    """The files that decide a corpus or a model, with their SHA-256."""
    files = [*run.glob("corpus/*.jsonl"), *run.glob("pretrain/model/*.safetensors"), *run.glob("model/*.safetensors")]
    return {str(path.relative_to(run)): file_sha256(path) for path in sorted(files)}


def main() -> None:
    """Run, compare, print, write `results/killed_recipe.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = recipe(folder, given.programs)
        began_s = time.monotonic()
        if start(file, folder / "alone").wait():
            raise SystemExit("error: the run that was left alone failed")
        alone_s = time.monotonic() - began_s
        moments_s = sorted(rng.uniform(0.05, 0.75) * alone_s for _ in range(KILLS))
        waits_s = [after - before + AGAIN_S for before, after in pairwise([-AGAIN_S, *moments_s])]
        places = [killed(file, folder / "killed", wait_s) for wait_s in waits_s]
        if start(file, folder / "killed").wait():
            raise SystemExit("error: the run that was killed failed at the end")
        expected, found = decided(folder / "alone"), decided(folder / "killed")
    rows = [[name, "the same" if found.get(name) == digest else "DIFFERS"] for name, digest in expected.items()]
    same = found == expected and bool(expected)
    publish(
        "killed_recipe",
        f"Levy's recipe on {given.programs} programs, up to the transfer: {alone_s:.0f} s left alone; killed at "
        + "; ".join(places),
        ["file", "after five kills"],
        rows,
        {"alone_s": alone_s, "kills": places},
        ["every file is the same, bit for bit" if same else "files differ"],
    )
    raise SystemExit(0 if same else 1)


if __name__ == "__main__":
    main()

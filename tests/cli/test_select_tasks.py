"""`vernacular benchmarks select`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from core.errors import ConfigError, RunError, VernacularError
from evaluation.formats import read_benchmark
from tests.evaluation.scoring.run_folders import result, write_run

PASSED = {"never": 0, "rarely": 1, "half": 2, "mostly": 3, "always": 4}
"""Task -> how many of its four samples pass."""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    lines = [
        {"original_task_id": name, "description": "Groß", "own": 1, "tests": [{"input": "1", "output": "2"}]}
        for name in PASSED
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def run_of(
    tasks: Path, folder: Path, *, samples: int = 4, names: tuple[str, ...] = tuple(PASSED), said: int = 5
) -> Path:
    results = [
        result(name, number < PASSED[name], sample=number, language="lua")
        for name in names
        for number in range(samples)
    ]
    return write_run(
        folder,
        results,
        said,
        samples=samples,
        benchmark="train",
        benchmark_format="agnostics",
        benchmark_language="lua",
        benchmark_sha256=hashlib.sha256(tasks.read_bytes()).hexdigest(),
    )


def invoked(tasks: Path, run: Path, output: Path, *more: str) -> Result:
    arguments = ["benchmarks", "select", str(tasks), "--by", str(run), "--output", str(output), *more]
    found = CliRunner().invoke(app, arguments)
    if isinstance(found.exception, VernacularError):
        raise found.exception
    return found


@pytest.mark.parametrize(
    ("pass_rate", "kept", "easy", "hard"),
    [
        ("0.1:0.9", ["rarely", "half", "mostly"], "1 │ always solved: 1", "1 │ never solved: 1"),
        ("0.5:0.75", ["half", "mostly"], "1 │ always solved: 1", "2 │ never solved: 1"),
        ("0:0.5", ["never", "rarely", "half"], "2 │ always solved: 1", "0 │ never solved: 0"),
        ("0:1", list(PASSED), "0 │ always solved: 0", "0 │ never solved: 0"),
    ],
)
def test_tasks_within_the_range_are_kept(
    tasks: Path, tmp_path: Path, pass_rate: str, kept: list[str], easy: str, hard: str
) -> None:
    output = tmp_path / "some.jsonl"
    found = invoked(tasks, run_of(tasks, tmp_path / "run"), output, "--pass-rate", pass_rate)
    assert found.exit_code == 0
    assert [task.id for task in read_benchmark(output, language="lua").tasks] == kept
    assert all(json.loads(line)["own"] == 1 for line in output.read_text(encoding="utf-8").splitlines())
    rows = [" ".join(line.split()) for line in found.stdout.splitlines() if "│" in line]
    assert f"│ {len(kept)} │" in rows[0] and easy in rows[1] and hard in rows[2]
    assert "4 samples a task" in found.stdout


def test_nothing_within_the_range_is_exit_status_1_and_no_file(tasks: Path, tmp_path: Path) -> None:
    output = tmp_path / "some.jsonl"
    found = invoked(tasks, run_of(tasks, tmp_path / "run", samples=1), output)
    assert found.exit_code == 1
    assert "no task is within the range; with one sample a rate is 0 or 1: evaluate with --samples" in found.stdout
    assert not output.exists()


def test_a_run_that_does_not_fit_is_one_line(tasks: Path, tmp_path: Path) -> None:
    output = tmp_path / "some.jsonl"
    run = run_of(tasks, tmp_path / "run")
    with pytest.raises(RunError, match=r"lacks 2 of 5 tasks of .*: mostly, always; run them all"):
        invoked(tasks, run_of(tasks, tmp_path / "part", names=("never", "rarely", "half"), said=3), output)
    (run / "results.jsonl").write_text(
        "".join((run / "results.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8"
    )
    with pytest.raises(RunError, match=r"lacks samples \(4 needed\) of 1 of 5 tasks: always; finish the run"):
        invoked(tasks, run, output)
    with pytest.raises(RunError, match="no such"):
        invoked(tasks, tmp_path / "none", output)
    with pytest.raises(ConfigError, match="is the file that the run was made from; name another file"):
        invoked(tasks, run, tasks)
    tasks.write_text(tasks.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"was not made from .*train.jsonl .SHA-256 differs.; name the file"):
        invoked(tasks, run, output)
    assert not output.exists()


@pytest.mark.parametrize("wrong", ["0.5", "0.9:0.1", "a:b", "0:2", "0:nan", "0:1:2"])
def test_a_wrong_range_is_refused(tasks: Path, tmp_path: Path, wrong: str) -> None:
    found = invoked(tasks, tmp_path / "run", tmp_path / "some.jsonl", "--pass-rate", wrong)
    assert found.exit_code == 2
    assert "is no range from 0 to 1" in found.output

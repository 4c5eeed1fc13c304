"""`vernacular replay` as people call it, as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evaluation.replay.other_servers import Other, running

VERNACULAR = str(Path(sys.executable).with_name("vernacular"))
TEXT = "local value = compute(value)\nreturn value\n"


def replay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VERNACULAR, "replay", *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "file.lua"
    path.write_text(TEXT)
    return path


def test_a_file_is_replayed_reported_and_compared(source: Path, tmp_path: Path) -> None:
    other = Other(lambda _: {"choices": [{"text": "nothing"}], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})
    with running(other):
        arguments = ("--client", "naive", "--server", other.url, "--speed", 50)
        first = replay(source, *map(str, arguments), "--out", tmp_path / "first", "--setting", "max_tokens=8")
        second = replay(source, *map(str, arguments), "--out", tmp_path / "second", "--watch")
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert "characters saved" in first.stdout
    assert "a smoke test, no figures" in first.stdout
    assert "all of their prompts count as computed" in first.stdout
    report = json.loads((tmp_path / "first" / "replay.json").read_text())
    assert report["totals"]["characters"] == len(TEXT)
    assert report["conditions"]["settings"] == {"max_tokens": 8}
    assert other.asked[0][1]["max_tokens"] == 8
    compared = replay("--compare", tmp_path / "first", tmp_path / "second" / "replay.json")
    assert compared.returncode == 0, compared.stderr
    assert "key to right text where both are right, p50" in compared.stdout
    assert "warning: the two replays differ in habits" in compared.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "name at least one file"),
        (("none.lua",), 2, "none.lua: cannot be read"),
        (("FILE", "--client", "naive", "--server", "http://127.0.0.1:1"), 4, "does not answer"),
        (("FILE", "--server", "http://127.0.0.1:1"), 4, "127.0.0.1:1"),
        (("FILE", "--setting", "debounce"), 2, "is no KEY=VALUE"),
        (("FILE", "--client", "naive", "--setting", "max_token=3"), 2, "did you mean 'max_tokens'"),
        (("--compare", "none", "none"), 7, "none: cannot be read"),
    ],
)
def test_a_mistake_is_one_line(source: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = replay(*(str(source) if each == "FILE" else each for each in arguments))
    assert done.returncode == status
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr

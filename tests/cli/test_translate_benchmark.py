"""`vernacular benchmarks translate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from core.errors import BenchmarkError, ConfigError, UnknownNameError, VernacularError
from evaluation.formats import read_benchmark
from evaluation.tasks import Scoring

PROMPT = 'def twice(number: int) -> int:\n    """Return number times 2.\n\n    >>> twice(2)\n    4\n    """\n'

MARGO = """\
name: margo
display_name: Margo
translation:
  values: {}
  equality: {any: same}
  function:
    documentation: {line: "# {line}"}
    prompt: "{documentation}\\nfun {name}"
    stub: "fail"
  checks: {equal: "check({call}, {expected})"}
"""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    def line(name: str, test: str) -> str:
        body = f"def check(candidate):\n    assert {test}\n"
        return json.dumps({"task_id": name, "prompt": PROMPT, "entry_point": "twice", "test": body})

    path = tmp_path / "tasks.jsonl"
    path.write_text(f"{line('a', 'candidate(1) == 2')}\n{line('b', 'candidate(1) != 2')}\n", encoding="utf-8")
    return path


def translated(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["benchmarks", "translate", *map(str, arguments)])
    if isinstance(result.exception, VernacularError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_writes_tasks_that_can_be_read_again(tasks: Path, tmp_path: Path) -> None:
    output = tmp_path / "lua.jsonl"
    said = translated(tasks, "--to", "lua", "--output", output, "--no-run", "--details")
    assert [line.split()[1:-1] for line in said.splitlines() if "│" in line][:2] == [
        ["translated", "│", "1"],
        ["dropped:", "check", "│", "1"],
    ]
    assert "candidate(1) != 2" in said
    (task,) = read_benchmark(output).tasks
    assert (task.id, task.language, task.entry_point) == ("a", "lua", "twice")
    assert task.before.endswith("local function twice(number)\n")


@pytest.fixture
def solved(tmp_path: Path) -> Path:
    """Three tasks with solutions; that of the last one is wrong."""

    def line(number: int, text: str, code: str) -> str:
        tests = ["assert twice(1) == 2", "assert twice(3) == 6"]
        return json.dumps({"task_id": number, "text": text, "code": code, "test_list": tests})

    right, wrong = "def twice(number):\n    return 2 * number", "def twice(number):\n    return 2"
    lines = [line(1, "Double.", right), line(2, "Double.", right), line(3, "Double it.", wrong)]
    path = tmp_path / "mbpp.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_input_and_output_are_proven_by_the_solutions(solved: Path, tmp_path: Path) -> None:
    output = tmp_path / "any.jsonl"
    said = translated(solved, "--to", "io", "--output", output, "--details")
    assert said.startswith("2 cases; the first of each task is shown, 1 are hidden\n")
    assert [line.split()[1:-1] for line in said.splitlines() if "│" in line][:3] == [
        ["translated", "│", "1"],
        ["dropped:", "duplicate", "│", "1"],
        ["dropped:", "solution", "fails", "│", "1"],
    ]
    assert "wrong_output in case 2" in said
    assert json.loads(output.read_text(encoding="utf-8")) == {
        "original_task_id": "1",
        "description": "Double.\n\nWrite a program that reads `number` and prints the result of `twice`.",
        "input_format": "`number`, a whole number. A whole number is a line with its digits.",
        "output_format": "The result: a whole number.",
        "tests": [{"input": "1\n", "output": "2\n"}, {"input": "3\n", "output": "6\n"}],
    }
    (task,) = read_benchmark(output, language="prolog").tasks
    assert (task.scoring, task.language) == (Scoring.OUTPUT, "prolog")


def test_input_and_output_for_one_language(solved: Path, tmp_path: Path) -> None:
    output = tmp_path / "python.jsonl"
    translated(solved, "--to", "io", "--language", "python", "--output", output)
    (task,) = read_benchmark(output).tasks
    assert task.language == "python"
    assert task.canonical is not None and task.canonical.startswith("def twice(number):")
    translated(solved, "--to", "io", "--language", "lua", "--no-run", "--output", output)
    assert [(task.language, task.canonical) for task in read_benchmark(output).tasks] == [("lua", None)] * 2


def test_wrong_arguments_of_input_and_output_are_one_line(solved: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.jsonl"
    with pytest.raises(UnknownNameError, match="unknown language 'luaa'"):
        translated(solved, "--to", "io", "--language", "luaa", "--output", output)
    with pytest.raises(UnknownNameError, match="unknown sandbox 'docker'"):
        translated(solved, "--to", "io", "--sandbox", "docker", "--output", output)
    for wrong, why in ((tmp_path, "is a directory"), (solved / "x.jsonl", "not a directory")):
        with pytest.raises(ConfigError, match=f"cannot be written .{why}.; name another file"):
            translated(solved, "--to", "io", "--output", wrong)
    misplaced = ["translate", str(solved), "--to", "lua", "--language", "lua", "--output", str(output)]
    result = CliRunner().invoke(app, ["benchmarks", *misplaced])
    assert result.exit_code == 2
    assert "goes with --to io alone" in result.output
    solved.write_text(f"{solved.read_text(encoding='utf-8')}\n{{'bad'\n", encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"mbpp.jsonl:4: is not JSON"):
        translated(solved, "--to", "io", "--output", output)
    first = solved.read_text(encoding="utf-8").splitlines()[0]
    solved.write_text(f"{first}\n{first}\n", encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"mbpp.jsonl:2: task '1' stands in line 1 already"):
        translated(solved, "--to", "io", "--output", output)
    assert not output.exists()


def test_a_language_that_cannot_be_run_is_translated_to_without_running(tasks: Path, tmp_path: Path) -> None:
    folder, output = tmp_path / "languages", tmp_path / "margo.jsonl"
    folder.mkdir()
    (folder / "margo.yaml").write_text(MARGO, encoding="utf-8")
    with pytest.raises(ConfigError, match="does not say how to run a program; translate with --no-run"):
        translated(tasks, "--to", "margo", "--output", output, "--languages", folder)
    assert not output.exists()
    translated(tasks, "--to", "margo", "--output", output, "--no-run", "--languages", folder)
    (written,) = map(json.loads, output.read_text(encoding="utf-8").splitlines())
    assert written["before"] == "# Return number times 2.\n#\n# >>> twice(2)\n# 4\nfun twice"
    assert written["program_tail"] == "\ncheck(twice(1), 2)\n"


def test_a_missing_tool_chain_is_named_with_its_install_command(tasks: Path, tmp_path: Path) -> None:
    folder = tmp_path / "languages"
    folder.mkdir()
    lua = Path(__file__).parents[2] / "languages" / "lua.yaml"
    text = lua.read_text(encoding="utf-8").replace("luac5.4, -p", "no-such-luac, -p")
    (folder / "lua.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no-such-luac is not installed; install it with: apt-get .*; or .*--no-run"):
        translated(tasks, "--to", "lua", "--output", tmp_path / "x.jsonl", "--languages", folder)


def test_wrong_arguments_are_one_line(tasks: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.jsonl"
    with pytest.raises(UnknownNameError, match="unknown language 'luaa'"):
        translated(tasks, "--to", "luaa", "--output", output)
    with pytest.raises(UnknownNameError, match="unknown benchmark format"):
        translated(tasks, "--to", "lua", "--output", output, "--format", "humaneval")
    with pytest.raises(ConfigError, match="no section `translation`"):
        translated(tasks, "--to", "text", "--output", output)
    with pytest.raises(ConfigError, match="cannot be written"):
        translated(tasks, "--to", "lua", "--output", tasks / "x.jsonl", "--no-run")


def test_no_task_is_exit_status_1_and_no_file(tasks: Path, tmp_path: Path) -> None:
    only = tmp_path / "only.jsonl"
    only.write_text(tasks.read_text(encoding="utf-8").splitlines()[1], encoding="utf-8")
    output = tmp_path / "x.jsonl"
    result = CliRunner().invoke(app, ["benchmarks", "translate", str(only), "--to", "lua", "--output", str(output)])
    assert result.exit_code == 1
    assert "no task came through" in result.stdout
    assert not output.exists()

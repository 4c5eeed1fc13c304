"""`vernacular languages list` as a person runs it."""

import subprocess
import sys
from pathlib import Path

VERNACULAR = Path(sys.executable).with_name("vernacular")


def languages_list(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(VERNACULAR), "languages", "list", "--languages", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_language_is_one_line_of_a_pipe_with_its_file(tmp_path: Path) -> None:
    grammar = "grammar: {package: tree-sitter-brew, module: tree_sitter_brew.native}"
    (tmp_path / "brew.yaml").write_text(f"name: brew\ndisplay_name: Brew\nextensions: ['.brew']\n{grammar}\n")
    answer = languages_list(tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = {line.split()[1]: line for line in answer.stdout.splitlines() if line[2:3].isalpha()}
    assert set(lines) >= {"brew", "python", "lua", "moonbit", "text"}
    assert str(tmp_path / "brew.yaml") in lines["brew"]
    assert "not installed; pip install tree-sitter-brew" in lines["brew"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    answer = languages_list(tmp_path / "no")
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"error: {tmp_path / 'no'}: no such folder")
    assert answer.stderr.count("\n") == 1

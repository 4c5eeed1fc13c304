"""House rules that a machine can hold."""

import ast
import re
import subprocess
import sys
from pathlib import Path

MACHINE_PATH = re.compile(r"(?<![\w.~])/" + r"(?:work|root|opt|farm)/")
"""Folders of the machines that this code was written on, not of those that it runs on."""


def python_files(tracked_files: list[Path]) -> list[Path]:
    return [path for path in tracked_files if path.suffix == ".py" and "fixtures" not in path.parts]


def test_every_module_says_what_it_is_for(root: Path, tracked_files: list[Path]) -> None:
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for path in python_files(tracked_files)}
    spoken = {path for path, module in modules.items() if ast.get_docstring(module) or not module.body}
    silent = [str(path.relative_to(root)) for path in modules if path not in spoken]
    assert silent == []


def test_no_module_is_longer_than_400_lines(root: Path, tracked_files: list[Path]) -> None:
    lengths = {path.relative_to(root): path.read_bytes().count(b"\n") for path in python_files(tracked_files)}
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}


def test_no_text_names_a_folder_of_one_machine(root: Path, tracked_files: list[Path]) -> None:
    found = []
    for path in tracked_files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(root)}: {line.strip()[:100]}" for line in text.splitlines() if MACHINE_PATH.search(line)
        ]
    assert found == []


def test_tests_have_no_init_files(root: Path, tracked_files: list[Path]) -> None:
    """An `__init__.py` under `tests/lsp` would make it a package named `lsp`."""
    assert [path for path in tracked_files if path.is_relative_to(root / "tests") and path.name == "__init__.py"] == []


def test_every_command_of_the_documents_exists(root: Path) -> None:
    vernacular = Path(sys.executable).with_name("vernacular")
    known = subprocess.run([vernacular, "--help"], capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = []
    for document in [*root.glob("*.md"), *root.glob("docs/*.md")]:
        text = document.read_text(encoding="utf-8")
        for code in re.findall(r"^```\w*\n(.*?)^```|`([^`\n]+)`", text, re.MULTILINE | re.DOTALL):
            for line in "".join(code).splitlines():
                if (make := re.match(r"\s*\$?\s*make ([a-z-]+)", line)) and make[1] not in targets:
                    unknown.append(f"{document.name}: make {make[1]}")
                command = re.match(r"\s*\$?\s*vernacular ([a-z-]+)", line)
                if command and not re.search(rf"^  {command[1]} ", known, re.MULTILINE):
                    unknown.append(f"{document.name}: vernacular {command[1]}")
    assert unknown == []

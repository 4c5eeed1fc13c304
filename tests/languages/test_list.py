"""`vernacular languages list`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from core.errors import LanguageFileError

MARGO = """\
name: margo
display_name: Margo
extensions: [.mg]
grammar:
  package: tree-sitter-margo
  module: tree_sitter_margo
"""


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")


@pytest.mark.usefixtures("wide")
def test_a_companys_language_is_listed_with_its_file_and_its_missing_grammar(tmp_path: Path) -> None:
    (tmp_path / "margo.yaml").write_text(MARGO)
    result = CliRunner().invoke(app, ["languages", "list", "--languages", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0
    line = next(line for line in result.output.splitlines() if "margo" in line)
    for part in ("Margo", ".mg", "not installed; pip install tree-sitter-margo", "margo.yaml"):
        assert part in line
    assert "moonbit" in result.output


def test_a_wrong_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "margo.yaml").write_text(MARGO.replace("extensions", "extenions"))
    result = CliRunner().invoke(app, ["languages", "list", "--languages", str(tmp_path)])
    assert isinstance(result.exception, LanguageFileError)
    assert str(result.exception).endswith("margo.yaml:3: key 'extenions': unknown key (did you mean 'extensions'?)")

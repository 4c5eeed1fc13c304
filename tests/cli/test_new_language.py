"""`vernacular languages new`: what it writes is read again, and fills in to a language that runs."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from core.errors import ConfigError
from core.language_files import load_languages

PROGRAMS = {"passes": "true", "fails": "exit 3", "syntax_error": "if", "never_ends": "while :; do :; done"}


def test_what_is_written_is_a_language(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["languages", "new", "margo", "--folder", str(tmp_path)])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 5
    spec = load_languages([tmp_path], {}).named("margo")
    assert (spec.display_name, spec.extensions, spec.execution) == ("Margo", (".margo",), None)


def test_the_section_for_editors_is_one_once_its_marks_are_gone(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["languages", "new", "margo", "--folder", str(tmp_path)])
    file = tmp_path / "margo.yaml"
    head, mark, rest = file.read_text().partition("# syntax:\n")
    section, mark_of_the_next, rest = rest.partition("# A sentence")
    file.write_text(head + (mark + section).replace("# ", "", 1).replace("\n# ", "\n") + mark_of_the_next + rest)
    syntax = load_languages([tmp_path], {}).named("margo").syntax
    assert (syntax.keywords[0], syntax.indentation.closes_first) == ("if", ("end",))


def test_filled_in_it_runs(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["languages", "new", "margo", "--folder", str(tmp_path)])
    file = tmp_path / "margo.yaml"
    head, _, execution = file.read_text().partition("# execution:")
    execution = (
        execution.partition("# How values")[0]
        .replace("\n#", "\n")
        .replace("margoc, --check", "sh, -n")
        .replace("[margo,", "[sh,")
    )
    file.write_text(head + "execution:" + execution.replace('print("{mark}")', "echo {mark}"))
    for name, program in PROGRAMS.items():
        (tmp_path / "fixtures" / "margo" / f"{name}.margo").write_text(program + "\n")
    result = CliRunner().invoke(app, ["languages", "check", "margo", "--languages", str(tmp_path)])
    assert result.exit_code == 0, result.output


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["languages", "new", "margo", "--folder", str(tmp_path)])
    (tmp_path / "margo.yaml").write_text("mine")
    result = CliRunner().invoke(app, ["languages", "new", "margo", "--folder", str(tmp_path)])
    assert isinstance(result.exception, ConfigError)
    assert (tmp_path / "margo.yaml").read_text() == "mine"


def test_a_name_that_is_none_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["languages", "new", "My Lang", "--folder", str(tmp_path)])
    assert "such as 'my-lang'" in str(result.exception)

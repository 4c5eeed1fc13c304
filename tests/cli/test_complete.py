"""`vernacular complete` as a person runs it, against a completion server that does as it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.wire import Problem
from tests.lsp.fake_server import FakeServer, Reply, reserved_port, running, starting

VERNACULAR = Path(sys.executable).with_name("vernacular")
SOURCE = "import os\n\n\ndef hello():\n    pri\n\n\nhello()\n"


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(reply=Reply("nt('a')\n    return 1"))) as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    path = tmp_path / "shop" / "src" / "a.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return path


def complete(
    file: Path, line: int, column: int, server: str, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [str(VERNACULAR), "complete", str(file), str(line), str(column), "--server", server, *options]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, encoding="utf-8", env=os.environ | environment
    )


def test_ghost_text_between_the_nearest_lines(fake: FakeServer, file: Path) -> None:
    answer = complete(file, 5, 8, fake.url)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[:9] == [
        "2 │ ",
        "3 │ ",
        "4 │ def hello():",
        "5 │     print('a')",
        "+ │     return 1",
        "6 │ ",
        "7 │ ",
        "8 │ hello()",
        "",
    ]
    [request] = fake.requests
    assert (request.prefix, request.suffix) == (SOURCE[:32], SOURCE[32:])
    assert (request.path, request.repository, request.language) == ("src/a.py", "shop", "python")


def test_the_time_of_each_stage_and_the_tokens(fake: FakeServer, file: Path) -> None:
    *_, time_line, token_line, model_line = complete(file, 5, 8, fake.url).stdout.splitlines()
    for stage in ("local", "network", "queue", "first token", "total"):
        assert f"{stage} " in time_line
    assert token_line == "prompt 10 tokens: 4 cached, 6 computed; 3 generated, 0 bytes healed"
    assert model_line == "fake-model, confidence 0.90, ended by stop"


def test_other_candidates_stand_below(fake: FakeServer, file: Path) -> None:
    fake.reply = Reply("nt(1)", alternatives=("nt(2)",))
    lines = complete(file, 5, 8, fake.url, "--candidates", "2").stdout.splitlines()
    assert "5 │     print(1)" in lines
    assert lines[lines.index("candidate 2, confidence 0.50") + 4] == "5 │     print(2)"
    assert fake.requests[-1].candidates == 2


def test_the_prompt_is_asked_for_and_shown(fake: FakeServer, file: Path) -> None:
    answer = complete(file, 5, 8, fake.url, "--explain")
    assert answer.returncode == 0
    assert [request.explain for request in fake.requests] == [True]
    assert answer.stdout.splitlines()[-4:] == [
        "ended by stop, 3 tokens generated",
        "one line: on a line that has begun",
        "work space: indexed 1 files with 1 declarations",
        "its own lines would propose: nothing",
    ]
    assert "origin" in answer.stdout


def test_in_colour(fake: FakeServer, file: Path) -> None:
    answer = complete(file, 5, 8, fake.url, FORCE_COLOR="1", TERM="xterm-256color")
    assert "    pri\x1b[3;36mnt('a')\x1b[0m" in answer.stdout


def test_square_brackets_are_no_markup(fake: FakeServer, file: Path) -> None:
    fake.reply = Reply("[bold]x[/bold]")
    assert "    pri[bold]x[/bold]\n" in complete(file, 5, 8, fake.url).stdout


def test_nothing_to_propose(fake: FakeServer, file: Path) -> None:
    fake.reply = Reply("")
    assert "nothing to propose; fake-model" in complete(file, 5, 8, fake.url).stdout


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        (10, 1, "line 10 is past the end; the last one is 9"),
        (5, 9, "a.py:5: column 9 is past the end; the last one is 8"),
    ],
)
def test_a_place_past_the_end(fake: FakeServer, file: Path, line: int, column: int, says: str) -> None:
    answer = complete(file, line, column, fake.url)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert says in answer.stderr


def test_a_byte_order_mark_is_no_character(fake: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfab\n")
    assert complete(tmp_path / "a.py", 1, 3, fake.url).returncode == 0
    assert fake.requests[-1].prefix == "ab"


def test_a_terminal_that_is_not_utf_8(fake: FakeServer, file: Path) -> None:
    answer = complete(file, 5, 8, fake.url, PYTHONIOENCODING="ascii")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "5 ?     print('a')" in answer.stdout


def test_files_that_cannot_be_read(fake: FakeServer, tmp_path: Path) -> None:
    latin = tmp_path / "latin.py"
    latin.write_bytes(b"a\n\xe9\n")
    for path, says in [
        (tmp_path / "no.py", "no.py: no such file; check the path"),
        (tmp_path, "cannot be read (is a directory)"),
        (latin, "latin.py:2: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    ]:
        answer = complete(path, 1, 1, fake.url)
        assert answer.returncode == 2
        assert answer.stderr.startswith("error: ")
        assert answer.stderr.endswith(f"{says}\n") or says in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_servers_that_cannot_answer(fake: FakeServer, file: Path) -> None:
    with reserved_port() as port:
        nobody = complete(file, 5, 8, f"http://127.0.0.1:{port}")
    assert nobody.returncode == 4
    assert nobody.stderr.startswith(f"error: nobody answers at http://127.0.0.1:{port}")
    fake.reply = Reply(status=422, problem=Problem(code="max_new_tokens", message="ask for less"))
    assert complete(file, 5, 8, fake.url).stderr == "error: ask for less\n"
    fake.health = starting("loading the model")
    waiting = complete(file, 5, 8, fake.url)
    assert waiting.returncode == 1
    assert waiting.stderr == f"error: {fake.url} is not ready: starting: loading the model\n"
    wrong = complete(file, 5, 8, "localhost")
    assert wrong.returncode == 2
    assert "must begin with http://" in wrong.stderr


def test_lsp_is_another_name_for_vernacular_lsp() -> None:
    answer = subprocess.run([VERNACULAR, "lsp", "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("vernacular-lsp ")
    answer = subprocess.run([VERNACULAR, "lsp", "--help"], capture_output=True, text=True, check=True)
    assert "--tcp HOST:PORT" in answer.stdout

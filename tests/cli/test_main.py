"""The command line itself: version, help, and how errors leave it. The real process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

VERNACULAR = Path(sys.executable).with_name("vernacular")


def vernacular(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VERNACULAR, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_version() -> None:
    answer = vernacular("--version")
    assert answer.stdout.startswith("vernacular 0.")
    assert answer.returncode == 0


def test_help_lists_every_command_with_one_line() -> None:
    answer = vernacular("--help")
    _, _, commands = answer.stdout.partition("Commands:\n")
    lines = [line.split(maxsplit=1) for line in commands.splitlines() if line.startswith("  ") and line[2] != " "]
    assert "doctor" in [words[0] for words in lines]
    assert all(len(words) == 2 for words in lines), answer.stdout


def test_a_misspelt_command_is_told_the_nearest() -> None:
    answer = vernacular("doktor")
    assert answer.returncode == 2
    assert "Did you mean 'doctor'?" in answer.stderr


def test_an_error_is_one_line_and_its_own_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import typer

    from cli import main
    from core.errors import ServerUnreachableError

    app = typer.Typer()

    @app.command()
    def fail() -> None:
        raise ServerUnreachableError("nobody answers at URL; start it with: make serve")

    monkeypatch.setattr(main, "app", app)
    monkeypatch.setattr(sys, "argv", ["vernacular"])
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == ServerUnreachableError.exit_status == 4
    assert capsys.readouterr().err == "error: nobody answers at URL; start it with: make serve\n"


def test_ctrl_c_leaves_with_130(tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text(
        "import time, typer\nfrom cli import main\nmain.app = typer.Typer()\n"
        "@main.app.command()\ndef wait():\n    print('waiting', flush=True)\n    time.sleep(60)\n"
        "main.main()\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    with subprocess.Popen([VERNACULAR, "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        deadline = time.monotonic() + 10
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors

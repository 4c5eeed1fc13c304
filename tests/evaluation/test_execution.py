"""Verdicts: what passes, and everything that only looks like it."""

from __future__ import annotations

from typing import cast

import pytest

from core.language_files import load_languages
from core.languages import Execution
from core.sandbox import Limits, Sandbox, open_sandbox
from evaluation.execution import Verdict, missing_command, run_for_output, run_to_mark

PYTHON = cast("Execution", load_languages([], {}).named("python").execution)
QUICK = Limits(cpu_s=2, memory_mib=128)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return open_sandbox("bubblewrap")


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("assert 1 + 1 == 2", Verdict.PASSED),
        ("print('no newline at the end', end='')\nprint()", Verdict.PASSED),
        ("assert 1 + 1 == 3", Verdict.RUNTIME_ERROR),
        ("import sys; sys.exit(0)", Verdict.RUNTIME_ERROR),
        ("import os; os._exit(0)", Verdict.RUNTIME_ERROR),
        ("print('mark-0000000000000000'); raise SystemExit", Verdict.RUNTIME_ERROR),
        ("import atexit\natexit.register(print, 'after the mark')", Verdict.RUNTIME_ERROR),
        ("open('main.py', 'w').write('pass'); raise SystemExit", Verdict.RUNTIME_ERROR),
        ("import sys; sys.stdout.close(); sys.stdout = open('/dev/null', 'w')", Verdict.RUNTIME_ERROR),
        ("import os; os.kill(os.getpid(), 11)", Verdict.RUNTIME_ERROR),
        ("print('flood' * 10**7)", Verdict.RUNTIME_ERROR),
        ("def broken(:", Verdict.COMPILE_ERROR),
        ("while True: pass", Verdict.TIMEOUT),
        ("kept = [bytearray(b'x' * 2**20) for _ in range(300)]", Verdict.OUT_OF_MEMORY),
    ],
)
def test_verdicts(sandbox: Sandbox, source: str, verdict: Verdict) -> None:
    judged = run_to_mark(PYTHON, source, sandbox, QUICK)
    assert judged.verdict is verdict, judged
    assert judged.detail
    assert "\n" not in judged.detail


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [
        ("5\n", Verdict.PASSED),
        ("5  \n\n", Verdict.PASSED),
        ("6\n", Verdict.WRONG_OUTPUT),
        ("\n5\n", Verdict.WRONG_OUTPUT),
        ("", Verdict.WRONG_OUTPUT),
    ],
)
def test_output_is_compared_without_white_space_at_ends(sandbox: Sandbox, printed: str, verdict: Verdict) -> None:
    source = f"assert input() == '2 3'\nprint({printed!r}, end='')"
    assert run_for_output(PYTHON, source, sandbox, QUICK, b"2 3\n", b"5\n").verdict is verdict


def test_right_output_with_a_status_other_than_0_is_no_pass(sandbox: Sandbox) -> None:
    judged = run_for_output(PYTHON, "print(5); raise SystemExit(3)", sandbox, QUICK, b"", b"5\n")
    assert (judged.verdict, judged.detail) == (Verdict.RUNTIME_ERROR, "exit status 3")


def test_a_tool_chain_that_is_not_there() -> None:
    assert missing_command(PYTHON) is None
    assert missing_command(PYTHON.model_copy(update={"run": ("no-such-language", "x")})) == "no-such-language"
    assert missing_command(PYTHON.model_copy(update={"run": ("./main",)})) is None

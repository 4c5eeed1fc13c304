"""Run a program of a language in a sandbox, and say what came of it.

A pass needs a mark, a word that was made up for this run: it is printed by a statement behind the program's last,
and has to be the last line of its output. A program that ends early, with whatever status, has not passed. No mark
can be hidden from a program that reads its own file; such a one is taken for a pass.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.languages import Execution
from core.sandbox import SEARCH_PATH, End, Limits, Outcome, Program, Sandbox

_CHECK_FAILED = 121
"""Exit status of the shell around a check and a run where the check failed. A program that ends so fails anyway."""


class Verdict(StrEnum):
    """What came of a program. A sandbox that breaks is no verdict: it raises `SandboxError`."""

    PASSED = "passed"
    WRONG_OUTPUT = "wrong_output"
    RUNTIME_ERROR = "runtime_error"
    COMPILE_ERROR = "compile_error"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, one line of why, and what the sandbox saw."""

    verdict: Verdict
    detail: str
    outcome: Outcome


def missing_command(execution: Execution) -> str | None:
    """The first command of `execution` that is not installed."""
    commands = [command[0] for command in (execution.check, execution.run) if command]
    installed = [command for command in commands if not command.startswith("./")]  # the others are what it compiles
    return next((command for command in installed if shutil.which(command, path=SEARCH_PATH) is None), None)


def install_toolchain(execution: Execution) -> None:
    """Run the language's own install command. Raises `subprocess.CalledProcessError` or `OSError` where it fails."""
    subprocess.run(shlex.split(execution.install), check=True, env={"DEBIAN_FRONTEND": "noninteractive", **os.environ})


def run_to_mark(execution: Execution, source: str, sandbox: Sandbox, limits: Limits, stdin: bytes = b"") -> Judged:
    """Run `source` with the statement that prints the mark behind it."""
    mark = f"mark-{secrets.token_hex(8)}"
    marked = f"{source.rstrip()}\n{execution.mark.replace('{mark}', mark)}\n"
    outcome = sandbox.run(_program(execution, marked, stdin), limits)
    verdict, detail = _failure(outcome)
    if verdict is None:
        if outcome.stdout.rstrip().rpartition(b"\n")[2] == mark.encode():
            verdict, detail = Verdict.PASSED, "printed the mark"
        else:
            verdict, detail = Verdict.RUNTIME_ERROR, "ended before its last statement"
    return Judged(verdict, detail, outcome)


def run_for_output(
    execution: Execution, source: str, sandbox: Sandbox, limits: Limits, stdin: bytes, expected: bytes
) -> Judged:
    """Run `source` on `stdin`; its output has to be `expected`, but for white space at the end of lines and of all."""
    outcome = sandbox.run(_program(execution, source, stdin), limits)
    verdict, detail = _failure(outcome)
    if verdict is None:
        same = _trimmed(outcome.stdout) == _trimmed(expected)
        verdict, detail = (Verdict.PASSED, "as expected") if same else (Verdict.WRONG_OUTPUT, "printed something else")
    return Judged(verdict, detail, outcome)


def _program(execution: Execution, source: str, stdin: bytes) -> Program:
    command = execution.run
    if execution.check:
        check, run = shlex.join(execution.check), shlex.join(execution.run)
        command = ("/bin/sh", "-c", f"{check} >&2 </dev/null || exit {_CHECK_FAILED}; exec {run}")
    return Program(
        command=command,
        files={execution.file: source.encode()},
        stdin=stdin,
        environment=execution.environment,
        read_only=tuple(path for path in map(Path, execution.read_only) if path.exists()),
    )


def _failure(outcome: Outcome) -> tuple[Verdict | None, str]:
    said = outcome.stderr.decode(errors="replace").strip().splitlines()
    match outcome.end:
        case End.TIMEOUT:
            return Verdict.TIMEOUT, f"used {outcome.cpu_s:.1f} s of CPU time in {outcome.wall_s:.1f} s"
        case End.OUT_OF_MEMORY:
            return Verdict.OUT_OF_MEMORY, f"used {outcome.memory_mib:.0f} MiB"
        case End.EXITED if outcome.status == 0:
            return None, ""
        case End.EXITED if outcome.status == _CHECK_FAILED:
            return Verdict.COMPILE_ERROR, said[0] if said else "the check failed"
        case End.EXITED:
            return Verdict.RUNTIME_ERROR, said[-1] if said else f"exit status {outcome.status}"
        case End.SIGNALLED:
            return Verdict.RUNTIME_ERROR, f"ended by signal {outcome.status}"
    return Verdict.RUNTIME_ERROR, outcome.end.value.replace("_", " ")


def _trimmed(output: bytes) -> list[bytes]:
    return [line.rstrip() for line in output.rstrip().splitlines()]

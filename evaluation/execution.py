"""Run programs of a language in a sandbox, and say what came of them.

    with Executor(spec.execution, open_sandbox()) as executor:
        judged = executor.run_to_mark(source, Limits())
        each = executor.run_for_outputs(source, Limits(), [(b"1 2", b"3"), (b"2 2", b"4")])

A pass needs a mark, a word that was made up for this run: it is printed by a statement behind the program's last,
and has to be the end of its output. A program that ends early, with whatever status, has not passed. No mark
can be hidden from a program that reads its own file; such a one is taken for a pass.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from core.languages import Execution
from core.sandbox import SEARCH_PATH, End, Limits, Outcome, Program, Sandbox
from evaluation.compilers import WarmCompilers
from evaluation.together import CHECK_FAILED, Together, unpacked
from evaluation.verdicts import Judged, Verdict, ended_badly, failed

__all__ = ["Executor", "Judged", "Verdict", "install_toolchain", "missing_command"]


class Executor:
    """Runs programs of one language; may be used by several threads at once. Its methods raise `SandboxError`."""

    def __init__(self, execution: Execution, sandbox: Sandbox) -> None:
        self._execution = execution
        self._sandbox = sandbox
        self._compilers: WarmCompilers | None = None
        if compiler := execution.compiler:
            program = self._program(compiler.start, {}, b"")
            self._compilers = WarmCompilers(compiler, execution.made, program, sandbox, execution.diagnostics)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what was kept warm; to be called once nothing is run any more."""
        if self._compilers:
            self._compilers.close()

    def run_to_mark(self, source: str, limits: Limits, stdin: bytes = b"") -> Judged:
        """Run `source` with the statement that prints the mark behind it."""
        mark = f"mark-{secrets.token_hex(8)}"
        marked = f"{source.rstrip()}\n{self._execution.mark.replace('{mark}', mark)}\n"
        if self._compilers:
            built = self._compilers.compile(marked, limits)
            if isinstance(built, Judged):
                return built
            program = self._program(self._execution.run, built, stdin)
        else:
            program = self._checked_and_run(marked, stdin)
        outcome = self._sandbox.run(program, limits)
        compiling = outcome.end is End.EXITED and outcome.status == CHECK_FAILED and not self._compilers
        if bad := ended_badly(outcome, self._execution.diagnostics, compiling=compiling):
            return bad
        if outcome.stdout.rstrip().endswith(mark.encode()):  # a line that the program left open is before it
            return Judged(Verdict.PASSED, "printed the mark", outcome)
        return self._failed(Verdict.RUNTIME_ERROR, "ended before its last statement", outcome)

    def copies_mark(self, source: str, limits: Limits, comment: tuple[str, str]) -> bool:
        """Whether `source` prints a mark that stands in its file, but that nothing prints: it reads its own file.

        `comment` opens and closes a comment of one line.
        """
        mark = f"mark-{secrets.token_hex(8)}"
        statement = " ".join(self._execution.mark.replace("{mark}", mark).split())
        built = self._built(f"{source.rstrip()}\n{comment[0]}{statement}{comment[1]}\n", limits)
        if isinstance(built, Judged):
            return False
        outcome = self._sandbox.run(self._program(self._execution.run, built, b""), limits)
        return mark.encode() in outcome.stdout

    def run_for_outputs(
        self,
        source: str,
        limits: Limits,
        cases: Sequence[tuple[bytes, ...]],
        *,
        stop_at_failure: bool = True,
    ) -> list[Judged]:
        """Run `source` on each input; each time it has to print what is expected, but for white space at ends of lines.

        A case is standard input and then every standard output that is accepted; where none is named, nothing is
        expected, and a run that ends well is `WRONG_OUTPUT`. `source` is compiled once; each run
        has a sandbox and the limits to itself. The answer has one entry a case, up to the first that failed unless
        `stop_at_failure` is false. A compilation that fails is the answer to the first case, or to each.
        """
        built = self._built(source, limits)
        judged: list[Judged] = []
        for stdin, *expected in cases:
            judged.append(built if isinstance(built, Judged) else self._judged_output(built, limits, stdin, expected))
            if stop_at_failure and judged[-1].verdict is not Verdict.PASSED:
                break
        return judged

    def run_together(
        self,
        source: str,
        limits: Limits,
        cases: Sequence[tuple[bytes, ...]],
        *,
        stop_at_failure: bool = True,
    ) -> list[Judged]:
        """As `run_for_outputs`, several times as fast: one sandbox for the check and all inputs.

        A run may find files of the one before. Where the sandbox itself ended it, all is run again by
        `run_for_outputs`.
        """
        files: Mapping[str, bytes] = {self._execution.file: source.encode()}
        if self._compilers:
            built = self._compilers.compile(source, limits)
            if isinstance(built, Judged):
                return [built] * (1 if stop_at_failure else len(cases))
            files = built
        shared = Together(
            self._execution.run, () if self._compilers else self._execution.check, limits, stop_at_failure
        )
        files = {**files, **shared.inputs([stdin for stdin, *_ in cases])}
        program = self._program(shared.command(len(cases)), files, b"")
        outcome = self._sandbox.run(program, shared.limits(len(cases)))
        if shared.check_failed(outcome):
            refused = ended_badly(outcome, self._execution.diagnostics, compiling=True)
            assert refused is not None
            return [refused] * (1 if stop_at_failure else len(cases))
        outcomes = shared.outcomes(outcome, len(cases))
        if outcomes is None:
            return self.run_for_outputs(source, limits, cases, stop_at_failure=stop_at_failure)
        judged: list[Judged] = []
        for each, (_, *expected) in zip(outcomes, cases, strict=False):
            judged.append(self._judged(each, expected))
            if stop_at_failure and judged[-1].verdict is not Verdict.PASSED:
                break
        return judged

    def check(self, source: str, limits: Limits) -> Judged | None:
        """Why the language's checker refuses `source`; None for a program, and where the language has no checker."""
        built = self._built(source, limits)
        return built if isinstance(built, Judged) else None

    def _judged_output(
        self, files: Mapping[str, bytes], limits: Limits, stdin: bytes, expected: Sequence[bytes]
    ) -> Judged:
        return self._judged(self._sandbox.run(self._program(self._execution.run, files, stdin), limits), expected)

    def _judged(self, outcome: Outcome, expected: Sequence[bytes]) -> Judged:
        if bad := ended_badly(outcome, self._execution.diagnostics):
            return bad
        if trimmed(outcome.stdout) in map(trimmed, expected):
            return Judged(Verdict.PASSED, "as expected", outcome)
        return self._failed(Verdict.WRONG_OUTPUT, "printed something else", outcome)

    def _built(self, source: str, limits: Limits) -> Mapping[str, bytes] | Judged:
        """The files that a run needs, or why there are none."""
        if self._compilers:
            return self._compilers.compile(source, limits)
        files = {self._execution.file: source.encode()}
        if not self._execution.check:
            return files
        pack = ("tar", "-cf", "-", *self._execution.made) if self._execution.made else ("true",)
        check = f"{shlex.join(self._execution.check)} >&2 </dev/null && exec {shlex.join(pack)}"
        roomy = limits.model_copy(update={"output_mib": limits.disk_mib + 1.0})
        outcome = self._sandbox.run(self._program(("/bin/sh", "-c", check), files, b""), roomy)
        if bad := ended_badly(outcome, self._execution.diagnostics, compiling=True):
            return bad
        return files | unpacked(outcome.stdout, self._execution.made)

    def _checked_and_run(self, source: str, stdin: bytes) -> Program:
        """Both in one sandbox: a second one takes longer than most programs do."""
        command = self._execution.run
        if self._execution.check:
            check, run = shlex.join(self._execution.check), shlex.join(self._execution.run)
            command = ("/bin/sh", "-c", f"{check} >&2 </dev/null || exit {CHECK_FAILED}; exec {run}")
        return self._program(command, {self._execution.file: source.encode()}, stdin)

    def _program(self, command: tuple[str, ...], files: Mapping[str, bytes], stdin: bytes) -> Program:
        return Program(
            command=command,
            files=files,
            stdin=stdin,
            environment=self._execution.environment,
            read_only=tuple(path for path in map(Path, self._execution.read_only) if path.exists()),
        )

    def _failed(self, verdict: Verdict, detail: str, outcome: Outcome) -> Judged:
        return failed(verdict, detail, outcome, self._execution.diagnostics)


def missing_command(execution: Execution) -> str | None:
    """The first command, or needed file, of `execution` that is not installed."""
    words = (execution.check, execution.compiler.start if execution.compiler else (), execution.run)
    commands = [command[0] for command in words if command]
    installed = [command for command in commands if not command.startswith("./")]  # the others are what it compiles
    missing = [command for command in installed if shutil.which(command, path=SEARCH_PATH) is None]
    missing += [file for file in execution.needs if not Path(file).exists()]
    return missing[0] if missing else None


def install_toolchain(execution: Execution) -> None:
    """Run the language's own install command. Raises `subprocess.CalledProcessError` or `OSError` where it fails."""
    subprocess.run(shlex.split(execution.install), check=True, env={"DEBIAN_FRONTEND": "noninteractive", **os.environ})


def trimmed(output: bytes) -> list[bytes]:
    """An output's lines as they are compared: without white space at their ends, and without empty ones at the end."""
    return [line.rstrip() for line in output.rstrip().splitlines()]

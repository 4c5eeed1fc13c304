"""Programs are run for rewards: what comes of them in each language, only once, and never by a broken sandbox."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.errors import ConfigError, SandboxError
from core.language_files import LanguageRegistry, load_languages
from core.sandbox import Conversation, Limits, Outcome, Program, Sandbox
from evaluation.execution import missing_command
from evaluation.tasks import Scoring
from evaluation.verdicts import Verdict
from tests.training.reinforcement.conftest import QUICK, adding, doubling
from training.reinforcement.verifier import Verified, Verifier

PROGRAMS: dict[str, dict[Verdict, str]] = {
    "lua": {
        Verdict.PASSED: 'print(2 * io.read("n"))',
        Verdict.WRONG_OUTPUT: 'print(3 * io.read("n"))',
        Verdict.RUNTIME_ERROR: 'local t = nil\nprint(2 * io.read("n"))\nprint(t.x)',
        Verdict.COMPILE_ERROR: "print(2 *",
        Verdict.TIMEOUT: "while true do end",
    },
    "r": {
        Verdict.PASSED: 'x <- as.integer(readLines(file("stdin"), 1))\ncat(2 * x, "\\n")',
        Verdict.WRONG_OUTPUT: 'x <- as.integer(readLines(file("stdin"), 1))\ncat(3 * x, "\\n")',
        Verdict.RUNTIME_ERROR: 'stop("no")',
        Verdict.COMPILE_ERROR: "x <- (1 +",
        Verdict.TIMEOUT: "while (TRUE) {}",
    },
    "ocaml": {
        Verdict.PASSED: "let () = print_int (2 * read_int ())",
        Verdict.WRONG_OUTPUT: "let () = print_int (3 * read_int ())",
        Verdict.RUNTIME_ERROR: 'let () = failwith "no"',
        Verdict.COMPILE_ERROR: 'let () = print_int "a"',
        Verdict.TIMEOUT: "let rec f () = f ()\nlet () = f ()",
    },
    "fortran": {
        Verdict.PASSED: "program p\n  integer :: x\n  read *, x\n  print '(i0)', 2 * x\nend program p",
        Verdict.WRONG_OUTPUT: "program p\n  integer :: x\n  read *, x\n  print '(i0)', 3 * x\nend program p",
        Verdict.RUNTIME_ERROR: "program p\n  error stop 1\nend program p",
        Verdict.COMPILE_ERROR: "program p\n  integer :: x\n  x = = 1\nend program p",
        Verdict.TIMEOUT: "program p\n  integer :: x\n  x = 0\n  do while (x == 0)\n  end do\nend program p",
    },
    "prolog": {
        Verdict.PASSED: "main :- read_term(user_input, X, []), Y is 2 * X, writeln(Y).",
        Verdict.WRONG_OUTPUT: "main :- writeln(no).",
        Verdict.RUNTIME_ERROR: "main :- X is foo + 1, writeln(X).",
        Verdict.COMPILE_ERROR: "main :- writeln(1",
        Verdict.TIMEOUT: "main :- repeat, fail.",
    },
    "commonlisp": {
        Verdict.PASSED: '(format t "~a~%" (* 2 (read)))',
        Verdict.WRONG_OUTPUT: '(format t "~a~%" (* 3 (read)))',
        Verdict.RUNTIME_ERROR: '(error "no")',
        Verdict.COMPILE_ERROR: '(format t "~a" (+ 1 2)',
        Verdict.TIMEOUT: "(loop)",
    },
}  # fmt: skip
"""Language -> what should come of a program -> the program; the five and two of the papers that install here."""


@pytest.mark.parametrize(
    ("language", "verdict"),
    [(language, verdict) for language, programs in PROGRAMS.items() for verdict in programs],
    ids=lambda value: str(getattr(value, "value", value)),
)
def test_verdicts(language: str, verdict: Verdict, languages: LanguageRegistry, sandbox: Sandbox) -> None:
    execution = languages.named(language).execution
    assert execution is not None
    if missing := missing_command(execution):
        pytest.skip(f"{missing} is not installed")
    task = doubling(language)
    if language == "prolog":  # whose terms end with a full stop
        cases = tuple(case.model_copy(update={"stdin": f"{case.stdin.strip()}.\n"}) for case in task.cases)
        task = task.model_copy(update={"cases": cases})
    with Verifier([task], languages, sandbox, Limits(cpu_s=2.0, wall_s=30.0)) as verifier:
        found = verifier.result(task, PROGRAMS[language][verdict])
    assert found.verdict is verdict, found.detail
    assert found.passed is (verdict is Verdict.PASSED)
    assert found.compiled is (verdict is not Verdict.COMPILE_ERROR)


@pytest.mark.parametrize(
    ("program", "passed", "verdict"),
    [
        ("function add(a, b) return a + b end", True, Verdict.PASSED),
        ("function add(a, b) return a - b end", False, Verdict.RUNTIME_ERROR),
        ("function add(a, b) return nil + b end", False, Verdict.RUNTIME_ERROR),
        ("function add(a, b", False, Verdict.COMPILE_ERROR),
        ("function add(a, b) while true do end end", False, Verdict.TIMEOUT),
    ],
    ids=["success", "wrong", "runtime error", "compile error", "timeout"],
)
def test_unit_tests(
    program: str, passed: bool, verdict: Verdict, languages: LanguageRegistry, sandbox: Sandbox
) -> None:
    task = adding()
    with Verifier([task], languages, sandbox, QUICK) as verifier:
        found = verifier.result(task, f"{program}{task.program_tail}")
    assert (found.passed, found.verdict) == (passed, verdict)


@pytest.mark.parametrize("scoring", [Scoring.TESTS, Scoring.OUTPUT])
def test_what_the_checker_did_not_finish_has_not_compiled(tmp_path: Path, sandbox: Sandbox, scoring: Scoring) -> None:
    (tmp_path / "shell.yaml").write_text(
        "name: shell\ndisplay_name: A shell\nextensions: [.sh]\ndefinition_keywords: []\nnote: A shell.\nexecution:\n"
        "  file: main.sh\n  check: [sh, -c, 'grep -q slow main.sh && while :; do :; done; true']\n"
        "  run: [sh, main.sh]\n  mark: 'echo \"{mark}\"'\n  install: apt-get install --yes dash\n"
    )
    task = doubling("shell").model_copy(update={"scoring": scoring})
    with Verifier([task], load_languages([tmp_path], {}), sandbox, Limits(cpu_s=1.0, wall_s=10.0)) as verifier:
        slow, endless = (verifier.result(task, program) for program in ("echo slow", "while :; do :; done"))
    assert (slow.verdict, slow.compiled) == (Verdict.TIMEOUT, False)
    assert (endless.verdict, endless.compiled) == (Verdict.TIMEOUT, True)


def test_trailing_white_space_does_not_count_and_a_status_does(languages: LanguageRegistry, sandbox: Sandbox) -> None:
    task = doubling()
    with Verifier([task], languages, sandbox, QUICK) as verifier:
        assert verifier.result(task, 'io.write(2 * io.read("n"), "  \\n\\n")').passed
        assert not verifier.result(task, 'print(2 * io.read("n"))\nos.exit(3)').passed


def test_the_share_of_the_tests(languages: LanguageRegistry, sandbox: Sandbox) -> None:
    task = doubling()
    program = 'local x = io.read("n")\nprint(x > 0 and 2 * x or 0)'
    with Verifier([task], languages, sandbox, QUICK, every_case=True) as verifier:
        found = verifier.result(task, program)
    assert found.share == pytest.approx(2 / 3)
    assert found.verdict is Verdict.WRONG_OUTPUT


class Counting(Sandbox):
    """Counts, and runs in the real one; broken while `broken` is set."""

    name = "counting"

    def __init__(self, real: Sandbox) -> None:
        self._real = real
        self.runs = 0
        self.broken = False
        self._lock = threading.Lock()

    def run(self, program: Program, limits: Limits) -> Outcome:
        with self._lock:
            self.runs += 1
        if self.broken:
            raise SandboxError("the sandbox does not work")
        return self._real.run(program, limits)

    def start(self, program: Program, limits: Limits) -> Conversation:
        return self._real.start(program, limits)


def test_a_program_is_run_once(languages: LanguageRegistry, sandbox: Sandbox) -> None:
    counting, task = Counting(sandbox), doubling()
    program = PROGRAMS["lua"][Verdict.PASSED]
    with Verifier([task], languages, counting, QUICK) as verifier:
        first = verifier.result(task, program)
        runs = counting.runs
        assert runs == 1  # the check and each input
        again: list[Verified] = [verifier.result(task, program) for _ in range(5)]
    assert again == [first] * 5
    assert (counting.runs, verifier.executed, verifier.asked) == (runs, 1, 6)


def test_the_same_program_for_another_task_is_run_again(languages: LanguageRegistry, sandbox: Sandbox) -> None:
    task = doubling()
    halving = task.model_copy(update={"id": "lua/other", "cases": task.cases[:1]})
    with Verifier([task, halving], languages, sandbox, QUICK) as verifier:
        verifier.result(task, PROGRAMS["lua"][Verdict.PASSED])
        verifier.result(halving, PROGRAMS["lua"][Verdict.PASSED])
        assert verifier.executed == 2


def test_a_broken_sandbox_is_no_verdict_and_is_not_remembered(languages: LanguageRegistry, sandbox: Sandbox) -> None:
    counting, task = Counting(sandbox), doubling()
    program = PROGRAMS["lua"][Verdict.PASSED]
    with Verifier([task], languages, counting, QUICK) as verifier:
        counting.broken = True
        with pytest.raises(SandboxError, match="does not work"):
            verifier.result(task, program)
        counting.broken = False
        assert verifier.result(task, program).passed


def test_a_language_that_cannot_run(languages: LanguageRegistry, sandbox: Sandbox) -> None:
    task = doubling().model_copy(update={"language": "text"})
    with pytest.raises(ConfigError, match="text: its language file has no `execution:`"):
        Verifier([task], languages, sandbox, QUICK)

"""One program on several inputs in one sandbox: the same verdicts as in a sandbox each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from core.language_files import load_languages
from core.languages import Execution
from core.sandbox import Limits, open_sandbox
from evaluation.execution import Executor, Verdict

PYTHON = cast("Execution", load_languages([], {}).named("python").execution)
QUICK = Limits(cpu_s=1, wall_s=10, memory_mib=128)
CASES = [(f"{number}\n".encode(), f"{2 * number}\n".encode()) for number in (4, 5, 6)]
DOUBLE = "print(2 * int(input()))"


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with Executor(PYTHON, open_sandbox("bubblewrap")) as executor:
        yield executor


@pytest.mark.parametrize("stop", [True, False])
@pytest.mark.parametrize(
    "source",
    [
        pytest.param(DOUBLE, id="right"),
        pytest.param("print(8)", id="right for the first"),
        pytest.param("x = int(input())\nprint(2 * x) if x != 5 else exit(3)", id="a status"),
        pytest.param("x = int(input())\nprint(2 * x)\nassert x != 6", id="an error after the output"),
        pytest.param("def broken(:", id="no program"),
        pytest.param("x = int(input())\nwhile x == 5: pass\nprint(2 * x)", id="never ends for one input"),
        pytest.param("import os\nos.kill(os.getpid(), 11)", id="a signal"),
        pytest.param("import os\nos.kill(os.getpid(), 9)", id="kills itself"),
        pytest.param("kept = [bytearray(b'x' * 2**20) for _ in range(300)]", id="memory"),
        pytest.param("print('flood' * 10**6)", id="too much output"),
        pytest.param("import sys\nsys.stdout.buffer.write(b'\\xff\\x00')", id="bytes"),
        pytest.param("", id="nothing"),
    ],
)
def test_the_verdicts_are_the_same(source: str, stop: bool, executor: Executor) -> None:
    together = executor.run_together(source, QUICK, CASES, stop_at_failure=stop)
    apart = executor.run_for_outputs(source, QUICK, CASES, stop_at_failure=stop)
    assert [each.verdict for each in together] == [each.verdict for each in apart]
    assert [each.failure for each in together] == [each.failure for each in apart]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("print(open('.in0').read(), open('.in1').read())", id="reads the inputs"),
        pytest.param(f"{DOUBLE}\nopen('.out1', 'w').write('8')\nopen('.status1', 'w').write('0')", id="writes outputs"),
        pytest.param("import os\nos.mkdir('.out9')\nopen('main.py', 'w').write('print(8)')", id="changes itself"),
        pytest.param("import os\nos.symlink('/etc/passwd', '.out2')\nraise SystemExit(1)", id="a link for an output"),
        pytest.param(
            "import os\nif os.fork() == 0:\n    os.setsid()\n    import time\n    time.sleep(60)", id="lingers"
        ),
    ],
)
def test_what_a_program_does_to_the_others_runs_gains_it_nothing(source: str, executor: Executor) -> None:
    judged = executor.run_together(source, QUICK, CASES, stop_at_failure=False)
    assert sum(each.verdict is Verdict.PASSED for each in judged) <= 1 or source.startswith(DOUBLE)
    honest = executor.run_together(DOUBLE, QUICK, CASES)
    assert [each.verdict for each in honest] == [Verdict.PASSED] * 3


def test_outputs_belong_to_their_inputs(executor: Executor) -> None:
    cases = [(f"{number}\n".encode(), f"{number}\n".encode()) for number in range(12)]
    judged = executor.run_together("print(input())", QUICK, cases)
    assert [each.outcome and each.outcome.stdout for each in judged] == [expected for _, expected in cases]

"""What the language server takes of a laptop's memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.lsp.editor import Editor
from tests.lsp.fake_server import FakeServer

FILES = 2_000
LIMIT_MB = 100.0


def module(number: int) -> str:
    """About a hundred lines of code that no other module has."""
    functions = (
        f"def compute_{number}_{part}(amount: int, rate: float) -> float:\n"
        f'    """Compute part {part} of {number}."""\n'
        f"    total_{number} = amount * rate + {number}\n"
        f"    for item in range(total_{number}):\n"
        f"        print(item, 'value {part}')\n"
        f"    return total_{number}\n\n\n"
        for part in range(12)
    )
    return "import os\nfrom typing import Any\n\n\n" + "".join(functions)


def test_what_httpx_imports_for_its_command_line_is_left_out_by_whatever_thread_is_first() -> None:
    program = (
        "import sys, concurrent.futures as futures\n"
        "from lsp.link import _client_class\n"
        "with futures.ThreadPoolExecutor(8) as pool:\n"
        "    found = {each.result() for each in [pool.submit(_client_class) for _ in range(8)]}\n"
        "assert len(found) == 1\n"
        "print(*sorted({'rich', 'pygments', 'httpx._main'} & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "\n", "")


@pytest.mark.timeout(300)
def test_a_work_space_of_two_thousand_files_takes_less_than_100_mb(
    connected: Editor, fake: FakeServer, tmp_path: Path
) -> None:
    for number in range(FILES):
        path = tmp_path / f"part_{number % 40}" / f"module_{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(module(number))
    connected.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": []}})
    connected.said("window/logMessage", lambda said: f"indexed {FILES} files" in said["message"], timeout_s=200)
    for number in range(10):
        uri = (tmp_path / f"part_{number}" / f"module_{number}.py").as_uri()
        connected.open(uri, module(number))
        for line in range(6, 60, 8):
            connected.ghost_text(uri, line, 10, invoked=True)
    assert len(fake.requests) > 50

    process = psutil.Process(connected.process_id)
    own = process.memory_info().rss / 1e6
    children = sum(child.memory_full_info().uss for child in process.children(recursive=True)) / 1e6
    assert process.children(), "the grammar runs in a process of its own"
    assert own + children < LIMIT_MB, f"{own:.0f} MB, and its children {children:.0f} MB of their own"

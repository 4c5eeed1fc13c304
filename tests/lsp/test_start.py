"""How the language server starts: in whatever folder, over TCP, and what its command line says."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.editor import COMMAND, TIMEOUT_S, Editor, editor
from tests.lsp.fake_server import FakeServer, Reply, reserved_port, running, starting


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def test_a_workspace_with_modules_of_the_same_names(tmp_path: Path) -> None:
    (tmp_path / "languages").mkdir()
    for name in ("core", "lsp", "server", "completion"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('the work space ran: {name}')\n")
    for name in ("typing", "json", "asyncio", "httpx", "yaml", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('the work space ran: {name}')\n")
    (tmp_path / "languages" / "python.yaml").write_text("name: [")
    with running(FakeServer(reply=Reply("safe"))) as fake, editor("--server", fake.url, folder=tmp_path) as one:
        one.initialize(tmp_path)
        uri = (tmp_path / "json.py").as_uri()
        one.open(uri, "a")
        assert one.ghost_text(uri, 0, 1)[0]["insertText"] == "safe"
        assert one.all_said("window/showMessage") == []


def test_without_its_script_in_whatever_folder(tmp_path: Path) -> None:
    (tmp_path / "lsp").mkdir()
    (tmp_path / "lsp" / "__init__.py").write_text("raise SystemExit('the work space ran')\n")
    with running(FakeServer()) as fake:
        command = [sys.executable, "-P", "-m", "lsp", "--check", "--server", fake.url]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith("ready: fake-model")


def test_over_tcp() -> None:
    with running(FakeServer(reply=Reply("by wire"))) as fake:
        command = [COMMAND, "--tcp", "127.0.0.1:0", "--server", fake.url]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stderr and process.stdout
            said = process.stderr.readline()
            address = re.search(r"on 127\.0\.0\.1:(\d+)$", said)
            assert address, said
            with socket.create_connection(("127.0.0.1", int(address[1])), timeout=TIMEOUT_S) as connection:
                one = Editor(connection.makefile("wb"), connection.makefile("rb"))
                one.initialize()
                one.open("untitled:1", "a", "lua")
                assert one.ghost_text("untitled:1", 0, 1)[0]["insertText"] == "by wire"
                one.request("shutdown")
                one.notify("exit")
                assert process.wait(TIMEOUT_S) == 0
            assert process.stdout.read() == ""
        finally:
            process.kill()
            process.wait()


def test_the_editor_dies(tmp_path: Path) -> None:
    process = subprocess.Popen([COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin and process.stdout
        one = Editor(process.stdin, process.stdout)
        one.initialize(tmp_path)
        process.stdin.close()
        process.wait(TIMEOUT_S)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (b"Content-Length: 99\r\n\r\n{", 0, ""),
        (b"no protocol\n", 0, ""),
        (b"x" * 200_000, 1, "error: what arrives is not the language server protocol: "),
    ],
)
def test_a_message_that_never_ends_is_no_traceback(sent: bytes, status: int, says: str) -> None:
    ended = subprocess.run([COMMAND], input=sent, capture_output=True, timeout=TIMEOUT_S, check=False)
    assert (ended.returncode, ended.stdout) == (status, b"")
    assert ended.stderr.decode().startswith(says)
    assert ended.stderr.count(b"\n") == (1 if says else 0)


def test_a_tcp_connection_that_is_reset_ends_it() -> None:
    with subprocess.Popen([COMMAND, "--tcp", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            port = int(process.stderr.readline().rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
                connection.sendall(b"Content-Length: 99\r\n\r\n{")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            assert process.wait(TIMEOUT_S) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_no_editor_at_all() -> None:
    nobody = subprocess.run([COMMAND], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False)
    assert (nobody.returncode, nobody.stdout, nobody.stderr) == (0, b"", b"")


def test_an_exit_without_a_shutdown_has_status_1(tmp_path: Path) -> None:
    body = b'{"jsonrpc": "2.0", "method": "exit"}'
    message = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    by_pipe = subprocess.run([COMMAND], input=message, capture_output=True, timeout=TIMEOUT_S, check=False)
    (tmp_path / "message").write_bytes(message)
    with (tmp_path / "message").open("rb") as file:
        by_file = subprocess.run([COMMAND], stdin=file, capture_output=True, timeout=TIMEOUT_S, check=False)
    for ended in (by_pipe, by_file):
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


def test_a_wrong_language_file_is_said_once_and_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\ndisplay_nam: Mine\n")
    with (
        running(FakeServer(reply=Reply("still"))) as fake,
        editor("--server", fake.url, "--languages", str(tmp_path)) as one,
    ):
        one.initialize(tmp_path)
        one.open("file:///a.py", "a")
        assert one.ghost_text("file:///a.py", 0, 1)[0]["insertText"] == "still"
        [shown] = one.all_said("window/showMessage")
        assert "mine.yaml" in shown["message"]
        assert fake.requests[-1].language == "python"


def test_a_language_of_the_company(tmp_path: Path) -> None:
    (tmp_path / "brew.yaml").write_text('name: brew\ndisplay_name: Brew\nextensions: [".brew"]\n')
    with (
        running(FakeServer(reply=Reply("x"))) as fake,
        editor("--server", fake.url, "--languages", str(tmp_path)) as one,
    ):
        one.initialize(tmp_path)
        one.open("file:///a.brew", "a", "")
        one.ghost_text("file:///a.brew", 0, 1)
        assert fake.requests[-1].language == "brew"


def test_messages_that_are_no_protocol_do_not_end_it(tmp_path: Path) -> None:
    with running(FakeServer(reply=Reply("alive"))) as fake, editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        for body in (b"{", b"[]", b"null", b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}}'):
            one.send_raw(body)
        assert one.answer(one.ask("textDocument/inlineCompletion", {}))["error"]["code"] == -32602
        one.notify("$/unheard", {})
        one.open("file:///a.py", "a")
        assert one.ghost_text("file:///a.py", 0, 1)[0]["insertText"] == "alive"
        assert one.all_said("window/showMessage") == []


def test_check_says_in_one_line_how_the_server_is() -> None:
    with running(FakeServer()) as fake:
        ready = run("--stdio", "--check", "--server", fake.url)  # --stdio may be part of an editor's command
        assert (ready.returncode, ready.stdout) == (0, f"ready: fake-model at {fake.url}, 2048 tokens of context\n")
        fake.health = starting("loading the model")
        waiting = run("--check", "--server", fake.url)
        assert (waiting.returncode, waiting.stdout) == (1, f"starting: loading the model ({fake.url})\n")
    with reserved_port() as port:
        nobody = run("--check", "--server", f"http://127.0.0.1:{port}")
        assert nobody.returncode == 1
        assert nobody.stdout.startswith("unreachable: nobody answers at")
    assert run("--check", "--server", "ftp://x").stdout.startswith("misconfigured: setting 'server_url' is 'ftp://x'")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tcp", "nowhere"], "'nowhere' is no HOST:PORT"),
        (["--tcp", "127.0.0.1:99999"], "is no HOST:PORT"),
        (["--log-level", "loud"], "invalid choice: 'loud'"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: list[str], says: str) -> None:
    answer = run(*arguments)
    assert answer.returncode == 2
    assert says in answer.stderr.splitlines()[-1]
    assert "Traceback" not in answer.stderr


def test_a_port_in_use_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = run("--tcp", f"127.0.0.1:{taken.getsockname()[1]}")
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "cannot listen on 127.0.0.1" in answer.stderr

"""Peers as processes: they come up, they go away, and what goes wrong is one line."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from pathlib import Path

import httpx
import pytest

from benchmarks.peers.llama_cpp import unpack
from benchmarks.peers.processes import PeerError, cache_folder, free_port, run, serving

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        self.send_response(200 if Handler.asked > 2 else 503)  # as servers do while they load
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_a_server_is_up_inside_the_block_and_gone_after_it(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving([sys.executable, "-c", SERVER, str(port)], url, tmp_path / "log", ready_s=20):
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health", trust_env=False)
    assert '"GET /health HTTP/1.1" 503' in (tmp_path / "log").read_text()


def test_the_server_goes_when_the_block_fails(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with pytest.raises(ZeroDivisionError), serving([sys.executable, "-c", SERVER, str(port)], url, tmp_path / "l", 20):
        _ = 1 / 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_what_the_server_started_goes_with_it(tmp_path: Path) -> None:
    """A process that outlives the server's own end holds the other end of a pipe: reading it ends once it is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    shell = "echo started; exec sleep 600"
    start = f"import subprocess; subprocess.Popen(['sh', '-c', {shell!r}], stdout=open({str(pipe)!r}, 'w'))"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    reader = os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
    with serving([sys.executable, "-c", start + SERVER, str(port)], url, tmp_path / "log", ready_s=20):
        os.set_blocking(reader.fileno(), True)
        assert reader.readline() == "started\n"
    assert reader.read() == ""
    reader.close()


def test_a_server_that_ends_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such model')"]
    with (
        pytest.raises(PeerError, match=r"ended with status 1: no such model; see .*log"),
        serving(command, "http://127.0.0.1:1", tmp_path / "log", ready_s=20),
    ):
        pytest.fail("it never came up")


def test_a_server_that_stays_silent_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        pytest.raises(PeerError, match="not ready within 1 s: it said nothing"),
        serving(command, f"http://127.0.0.1:{free_port()}", tmp_path / "log", ready_s=1),
    ):
        pytest.fail("it never came up")


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match="no-such-program cannot be started"):
        run(["no-such-program"], tmp_path / "log")
    with (
        pytest.raises(PeerError, match="no-such-program cannot be started"),
        serving(["no-such-program"], "http://127.0.0.1:1", tmp_path / "log", ready_s=1),
    ):
        pytest.fail("it never came up")


def test_a_step_that_fails_names_its_log(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    with pytest.raises(PeerError, match=r"failed with status 3: .*compiler gave up; see .*build\.log"):
        run([sys.executable, "-c", "print('compiler gave up', flush=True); raise SystemExit(3)"], log)
    run([sys.executable, "-c", "print('again')"], log)
    assert "compiler gave up" in log.read_text()
    assert log.read_text().endswith("again\n")


def test_the_cache_follows_the_users_wish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "vernacular" / "peers"


def test_only_llama_cpp_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "package.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        for name in ("package-1/README.md", "package-1/vendor/llama.cpp/CMakeLists.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = 2
            file.addfile(entry, io.BytesIO(b"x\n"))
    (tmp_path / "source.part").mkdir()  # an earlier call was broken off
    target = unpack(archive, tmp_path / "source")
    assert [path.relative_to(target).as_posix() for path in target.rglob("*")] == ["CMakeLists.txt"]
    assert not (tmp_path / "source.part").exists()


@pytest.mark.parametrize("cut", [0, 40])
def test_a_broken_archive_is_an_error(tmp_path: Path, cut: int) -> None:
    archive = tmp_path / "package.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.addfile(tarfile.TarInfo("package-1/README.md"))
    archive.write_bytes(archive.read_bytes()[: cut or None])
    with pytest.raises(PeerError, match=r"holds no vendor/llama\.cpp"):
        unpack(archive, tmp_path / "source")
    assert not (tmp_path / "source").exists()

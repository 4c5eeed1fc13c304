"""What every peer needs: a folder of its own, a private Python environment, and a process that comes up and goes away.

Nothing is installed into this project's environment. What is downloaded and built lies below `cache_folder()`, in a
folder that carries the peer's version, so that a second call finds it and an interrupted one goes on.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import httpx

from core.errors import VernacularError

ROOT = Path(__file__).parents[2]
PACKAGES = ("gguf==0.19.0", "safetensors==0.8.0", "numpy==2.3.5")
"""What `python()` has: the pins of the peers' own environment."""
STOP_S = 15.0
_POLL_S = 0.1
_SHOWN_LINES = 3


class PeerError(VernacularError):
    """A peer cannot be built or started; one line that names the log where there is more."""


def cache_folder() -> Path:
    """Where peers are kept: `$XDG_CACHE_HOME/vernacular/peers`, by default below `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vernacular" / "peers"


def python(*packages: str) -> Path:
    """The interpreter of the peers' own environment, with `PACKAGES` and `packages` (pinned) installed.

    Made on the first call. Raises `PeerError` where pip fails.
    """
    folder = cache_folder() / "venv"
    interpreter = folder / "bin" / "python"
    wanted = (*PACKAGES, *packages)
    stamp = folder / "installed.txt"
    present = set(stamp.read_text(encoding="utf-8").split()) if stamp.is_file() else set()
    if not interpreter.is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", str(folder)], folder.parent / "venv.log")
        present = set()
    if missing := [package for package in wanted if package not in present]:
        pip = [str(interpreter), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        run([*pip, *missing], folder.parent / "venv.log")
        stamp.write_text("\n".join(sorted(present | set(wanted))) + "\n", encoding="utf-8")
    return interpreter


def run(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command from the repository's root to its end, its output appended to `log`.

    `environment` is added to this process's own. Raises `PeerError` where it cannot start or fails.
    """
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {shlex.join(command)}\n")
        file.flush()
        process = _started(command, file, environment, "install it and try again")
        try:
            status = process.wait()
        finally:
            process.kill()  # where somebody interrupts
    if status:
        raise PeerError(f"{Path(command[0]).name} failed with status {status}: {last_words(log)}; see {log}")


@contextmanager
def serving(
    command: Sequence[str], url: str, log: Path, ready_s: float, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server, wait until `url`/health answers 200, and end it with all its processes when the block is left.

    It leads a process group of its own; its output replaces `log`. `ready_s` is how long it may take to start.
    Raises `PeerError` where it ends or stays silent.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        process = _started(command, file, environment, "build it with `make peers`", own_session=True)
    try:
        _wait_until_ready(process, url, log, ready_s)
        yield process
    finally:
        _stop(process)


def _started(
    command: Sequence[str],
    output: IO[str],
    environment: Mapping[str, str] | None,
    advice: str,
    *,
    own_session: bool = False,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=own_session,
        )
    except OSError as error:
        raise PeerError(f"{command[0]} cannot be started ({error.strerror}); {advice}") from None


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def last_words(log: Path) -> str:
    """The last lines of a log that hold text, in one line."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " | ".join(lines[-_SHOWN_LINES:]) or "it said nothing"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and what it started: vLLM, when killed, leaves its engine behind."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path, ready_s: float) -> None:
    end_s = time.monotonic() + ready_s
    while time.monotonic() < end_s:
        if process.poll() is not None:
            raise PeerError(f"the peer ended with status {process.returncode}: {last_words(log)}; see {log}")
        try:
            if httpx.get(f"{url}/health", trust_env=False, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(_POLL_S)
    raise PeerError(f"the peer was not ready within {ready_s:.0f} s: {last_words(log)}; see {log}")

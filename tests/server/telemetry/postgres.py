"""A PostgreSQL cluster of a test's own, by the system's programs: made, started, stopped, killed.

PostgreSQL refuses to run as root: root runs it as the system's user `postgres`, or as nobody.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

START_S = 60


class Cluster:
    """A cluster that was made. It listens on one port of the loopback interface while it runs."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs, self._folder, self._user = programs, folder, user
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._run("initdb", "--auth=trust", "--username=test", "--encoding=UTF8", "--no-sync")

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql://test@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"-c port={self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        self._run(
            "pg_ctl", "--wait", f"--timeout={START_S}", f"--log={self._folder}/log", f"--options={options}", "start"
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop; `immediate` is a crash: what was committed is recovered from its log at the next start."""
        self._run("pg_ctl", "--wait", f"--mode={mode}", "stop")

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return (self._folder / "data" / "postmaster.pid").exists()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), f"--pgdata={self._folder}/data", *arguments]
        subprocess.run(
            command,
            user=self._user,
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster; skips the test where PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    installed = [Path(on_path)] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        pytest.skip("no PostgreSQL here; as root, scripts/install-postgresql.sh installs it")
    user = _user()
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        if user is not None:
            shutil.chown(folder, user)
        one = Cluster(installed[-1].parent, Path(folder), user)
        one.start()
        try:
            yield one
        finally:
            if one.running:
                one.stop("immediate")


def _user() -> str | None:
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"

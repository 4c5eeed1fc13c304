"""Atomic writing: the old file or the new one, never half of one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from core.files import write_atomically


def test_text_and_bytes_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.json"
    write_atomically(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    write_atomically(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_mode_of_an_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o600)
    write_atomically(path, "b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

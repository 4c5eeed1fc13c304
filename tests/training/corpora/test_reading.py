"""Folders as git sees them, archives that lie, histories: which files there are."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.training.corpora.company import git, write
from training.corpora.reading.folders import Folder
from training.corpora.reading.histories import Repository
from training.corpora.reading.packed import Archive
from training.corpora.reading.tables import Documents
from training.corpora.settings import CorpusError, Split
from training.corpora.splitting import held_out_groups, placed, rank


def paths(source: Folder | Archive | Repository) -> list[str]:
    return [entry.path for entry in source.entries()]


def test_a_folder_without_git_is_walked_without_links_and_hidden_files(tmp_path: Path) -> None:
    write(tmp_path, {"b/x.lua": "x", "a.lua": "a", ".hidden/y.lua": "y", ".z.lua": "z"})
    (tmp_path / "link.lua").symlink_to(tmp_path / "a.lua")
    (tmp_path / "circle").symlink_to(tmp_path)
    assert paths(Folder(tmp_path)) == ["a.lua", "b/x.lua"]
    assert [entry.read() for entry in Folder(tmp_path).entries()] == [b"a", b"x"]


def test_repositories_below_a_folder_leave_out_what_they_ignore(tmp_path: Path) -> None:
    write(tmp_path, {"one/a.lua": "a", "one/out/b.lua": "b", "one/.gitignore": "out/\n", "plain/c.lua": "c"})
    git(tmp_path / "one", "init", "--quiet")
    git(tmp_path / "one", "add", "a.lua")
    write(tmp_path, {"one/new.lua": "n", "one/deep/d.lua": "d"})
    git(tmp_path / "one", "init", "--quiet", "deep")
    assert sorted(paths(Folder(tmp_path))) == ["one/a.lua", "one/deep/d.lua", "one/new.lua", "plain/c.lua"]
    assert sorted(paths(Folder(tmp_path / "one" / "out"))) == ["b.lua"]


def test_a_folder_changes_its_fingerprint(tmp_path: Path) -> None:
    write(tmp_path, {"a.lua": "a"})
    before = Folder(tmp_path).fingerprint()
    assert Folder(tmp_path).fingerprint() == before
    os.utime(tmp_path / "a.lua", ns=(1, 1))
    assert Folder(tmp_path).fingerprint() != before


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"gr\xfcn.lua")).write_text("x")
    assert paths(Folder(tmp_path)) == ["gr\ufffdn.lua"]
    assert next(Folder(tmp_path).entries()).read() == b"x"


def test_documents_that_lead_out_are_left_out_and_packages_lead_paths(tmp_path: Path) -> None:
    lines = [
        {"path": "a.lua", "text": "gr\u00fcn"},
        {"path": "../b.lua", "text": "b"},
        {"path": ".git/c.lua", "text": "c"},
        {"package": "p/q", "path": "d.lua", "text": "", "more": 1},
    ]
    file = tmp_path / "x.jsonl"
    file.write_text("\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = [(entry.path, entry.size, entry.read()) for entry in Documents(file).entries()]
    assert found == [("a.lua", 5, "gr\u00fcn".encode()), ("p/q/d.lua", 0, b"")]
    before = Documents(file).fingerprint()
    file.write_text("")
    assert Documents(file).fingerprint() != before


@pytest.mark.parametrize("line", ["[]", "1", '{"path": "a"}', '{"text": "a"}', '{"path": "", "text": ""}', "\0", "{"])
def test_a_line_that_is_no_document_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.jsonl").write_text('{"path": "a", "text": ""}\n' + line, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"x\.jsonl, line 2: is no document"):
        list(Documents(tmp_path / "x.jsonl").entries())


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path: Path, mode: str) -> None:
    with tarfile.open(tmp_path / "a.tar", mode) as archive:  # type: ignore[call-overload]
        for name in ("./src/a.lua", "../out.lua", "/etc/b.lua", ".git/c.lua", "src/d.lua"):
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"text"))
        link = tarfile.TarInfo("src/link.lua")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    found = Archive(tmp_path / "a.tar")
    assert [(entry.path, entry.read()) for entry in found.entries()] == [("src/a.lua", b"text"), ("src/d.lua", b"text")]


def test_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("src/a.lua", "text")
        archive.writestr("../b.lua", "text")
        archive.writestr("src\\c.lua", "text")
    assert paths(Archive(tmp_path / "a.zip")) == ["src/a.lua", "src/c.lua"]
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.index(b"text")] ^= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(CorpusError, match="is damaged"):
        [entry.read() for entry in Archive(tmp_path / "a.zip").entries()]


def test_a_bare_repository_and_a_revision(tmp_path: Path) -> None:
    work = tmp_path / "work"
    write(work, {"a.lua": "1", "sub/\u00fc \n.lua": "2"})
    git(work, "init", "--quiet")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "one")
    git(work, "tag", "first")
    write(work, {"a.lua": "3"})
    git(work, "commit", "--quiet", "-a", "-m", "two")
    git(tmp_path, "clone", "--quiet", "--bare", "work", "bare.git")
    assert sorted((e.path, e.read()) for e in Repository(tmp_path / "bare.git").entries()) == [
        ("a.lua", b"3"),
        ("sub/\u00fc \n.lua", b"2"),
    ]
    assert {e.read() for e in Repository(work, "first").entries()} == {b"1", b"2"}
    every = [(e.path, e.read(), e.age) for e in Repository(work, commits=True).entries()]
    assert (every[0], every[-1]) == (("a.lua", b"3", 0), ("sub/\u00fc \n.lua", b"2", 2))
    assert ("a.lua", b"1", 2) in every
    with pytest.raises(CorpusError, match="has no revision 'nowhere'"):
        Repository(work, "nowhere")


@pytest.mark.parametrize(
    ("path", "depth", "where"),
    [("a/b/c.lua", 0, ("s", "a/b/c.lua")), ("a/b/c.lua", 1, ("s/a", "b/c.lua")), ("c.lua", 2, ("s", "c.lua"))],
)
def test_groups(path: str, depth: int, where: tuple[str, str]) -> None:
    assert placed("s", path, depth) == where


def test_what_is_held_out_does_not_depend_on_order_or_later_groups() -> None:
    names = [f"group{number}" for number in range(200)]
    held_out = held_out_groups(names, Split(held_out=0.2), 7)
    assert held_out == held_out_groups(reversed(names), Split(held_out=0.2), 7)
    assert held_out_groups([*names, "new"], Split(held_out=0.2), 7) - {"new"} == held_out
    assert 20 < len(held_out) < 60
    assert held_out != held_out_groups(names, Split(held_out=0.2), 8)
    assert rank(1, "g", "p", "") != rank(2, "g", "p", "")


@pytest.mark.parametrize(
    ("groups", "split", "number"),
    [
        (["a"], Split(), 0),
        (["a", "b"], Split(held_out=0.0001), 1),
        (["a", "b"], Split(held_out=1.0), 1),
        (["a", "b", "c"], Split(held_out=0.0), 0),
        (["a", "b", "c"], Split(held_out=0.0, groups=("a", "b")), 2),
    ],
)
def test_one_group_at_least_on_each_side(groups: list[str], split: Split, number: int) -> None:
    assert len(held_out_groups(groups, split, 1)) == number


def test_named_groups_must_be_there_and_not_be_all() -> None:
    with pytest.raises(CorpusError, match="no group 'x'; groups are a, b"):
        held_out_groups(["a", "b"], Split(groups=("x",)), 1)
    with pytest.raises(CorpusError, match="holds out every group"):
        held_out_groups(["a", "b"], Split(groups=("a", "b")), 1)

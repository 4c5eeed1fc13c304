"""Archives are read without being installed; licences are read from their own metadata; locks are kept."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from training.from_nothing.archives import accepted, files_in, licence_of, moonpad_core_files
from training.from_nothing.corpus import build_corpus, read_documents
from training.from_nothing.recipe import CorpusStage, SourceGroup
from training.from_nothing.sources import SourceError, check_lock

CODE = "\n".join(f"def function_{i}(argument):\n    return argument + value_{i * 7}" for i in range(30))


def wheel(path: Path, files: dict[str, str], licence: str = "License-Expression: MIT") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p-1.dist-info/METADATA", f"Metadata-Version: 2.4\nName: p\n{licence}\n\nText\n")
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def tarball(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def test_a_wheels_files_and_licence(tmp_path: Path) -> None:
    archive = wheel(tmp_path / "p-1-py3-none-any.whl", {"p/b.py": "b", "p/a.py": "a", "p/a.so": "x"})
    assert list(files_in(archive, (".py",))) == [("p/a.py", b"a"), ("p/b.py", b"b")]
    assert licence_of(archive) == "MIT"
    trove = "Classifier: License :: OSI Approved :: BSD License"
    assert licence_of(wheel(tmp_path / "q.whl", {}, trove)) == "BSD-3-Clause"
    assert licence_of(wheel(tmp_path / "r.whl", {}, "License: see the file")) == "unknown"


def test_an_npm_tarballs_files_and_licence(tmp_path: Path) -> None:
    archive = tarball(tmp_path / "p.tgz", {"package.json": b'{"license": "ISC"}', "lib/a.js": b"a"})
    assert list(files_in(archive, (".js",))) == [("lib/a.js", b"a")]
    assert licence_of(archive) == "ISC"


def test_the_core_library_is_read_out_of_the_bundle(tmp_path: Path) -> None:
    blobs = {"a1": b"fn a {}", "b$": gzip.compress(b"fn b {}"), "c": b"interface"}
    lines = [f'const {k} = d("{base64.b64encode(v).decode()}"), z = 1;' for k, v in blobs.items()]
    lines += [
        'i["/lib/core/json/a.mbt"] = a1;',
        'i["/lib/core/deque/b.mbt.gz"] = b$;',
        'i["/lib/core/_build/x.mbt"] = c;',
    ]
    archive = tarball(tmp_path / "m.tgz", {"dist/moonpad-monaco.js": "\n".join(lines).encode()})
    assert list(moonpad_core_files(archive, (".mbt",))) == [("deque/b.mbt", b"fn b {}"), ("json/a.mbt", b"fn a {}")]


def test_a_bundle_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="core library"):
        list(moonpad_core_files(tarball(tmp_path / "m.tgz", {"dist/moonpad-monaco.js": b"x"}), (".mbt",)))


@pytest.mark.parametrize(
    ("licence", "covered"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-2.0-only", True),
        ("MIT AND GPL-2.0-only", False),
        ("MIT AND Apache-2.0", True),
        ("(MIT AND Apache-2.0)", True),
        ("MIT AND (GPL-2.0-only OR Apache-2.0)", False),
        ("unknown", False),
    ],
)
def test_licences(licence: str, covered: bool) -> None:
    assert accepted(licence, ("MIT", "Apache-2.0")) is covered


def test_a_damaged_archive_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "p.whl"
    broken.write_bytes(b"PK not a zip")
    with pytest.raises(SourceError, match="damaged"):
        list(files_in(broken, (".py",)))


def test_a_locked_archive_that_differs_is_refused(tmp_path: Path) -> None:
    archive = wheel(tmp_path / "p.whl", {})
    lock = tmp_path / "r.lock.json"
    check_lock({("pypi", "p==1"): archive}, lock)
    lock.write_text(json.dumps({"archives": [{"registry": "pypi", "package": "p==1", "file": "p.whl", "sha256": "0"}]}))
    with pytest.raises(SourceError, match="SHA-256"):
        check_lock({("pypi", "p==1"): archive}, lock)


def test_the_whole_stage_on_local_archives(tmp_path: Path) -> None:
    """No client is called: the archives are already in the cache."""
    sources = tmp_path / "sources"
    other = CODE.replace("function", "method").replace("argument", "thing").replace("value", "number")
    third = CODE.replace("function", "handle").replace("argument", "request").replace("value", "answer")
    wheel(sources / "pypi" / "a%3D%3D1" / "a.whl", {"a/x.py": CODE, "a/y.py": "x = 1"})
    wheel(sources / "pypi" / "b%3D%3D2" / "b.whl", {"b/x.py": CODE, "b/y.py": other})
    wheel(sources / "pypi" / "c%3D%3D3" / "c.whl", {"c/x.py": third}, "License-Expression: GPL-3.0-only")
    group = SourceGroup(
        registry="pypi",
        language="python",
        suffixes=(".py",),
        packages=("a==1", "b==2", "c==3"),
        held_out=("b",),
    )
    stage = CorpusStage(seed=1, sources=(group,), licences=("MIT",))
    said: list[str] = []
    build_corpus(stage, sources, tmp_path / "one", None, said.append)
    build_corpus(stage, sources, tmp_path / "two", None)
    assert [(d.package, d.path) for d in read_documents(tmp_path / "one" / "train-python.jsonl")] == [("a", "a/x.py")]
    assert [(d.package, d.path) for d in read_documents(tmp_path / "one" / "heldout-python.jsonl")] == [("b", "b/y.py")]
    assert any("c==3 left out: licence GPL-3.0-only" in line for line in said)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["corpus.json", "heldout-python.jsonl", "train-python.jsonl"]
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in files)
    said.clear()
    build_corpus(stage, sources, tmp_path / "one", None, said.append)
    assert said == ["corpus: unchanged"]

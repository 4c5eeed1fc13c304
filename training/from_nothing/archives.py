"""Read the files and the licence of a source package without installing it: wheels, npm tarballs, Debian packages.

Nothing from an archive is executed or written to disk. Files come in the order of their paths, so that everything
downstream depends on the archive's content alone.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

from training.from_nothing.sources import SourceError

_TROVE = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
}
_DEBIAN = {
    "expat": "MIT",
    "mit": "MIT",
    "mit-x11": "MIT",
    "mit/x": "MIT",
    "mit/x11": "MIT",
    "mit-expat": "MIT",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "apache-2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "isc": "ISC",
    "public-domain": "public-domain",
}
_BLOB = re.compile(r'([\w$]+) = d\("([A-Za-z0-9+/=]*)"\)')
_ENTRY = re.compile(r'^[\w$]+\["/lib/core/([^"]+)"\] = ([\w$]+);', re.MULTILINE)


def files_in(archive: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield `(path in the archive, content)` of the regular files whose names end in one of `suffixes`, by path."""
    if archive.suffix == ".whl":
        with _guarded(archive), zipfile.ZipFile(archive) as wheel:
            for name in sorted(n for n in wheel.namelist() if n.endswith(suffixes)):
                yield name, wheel.read(name)
        return
    with _guarded(archive), tarfile.open(fileobj=io.BytesIO(_tar_bytes(archive))) as tar:
        members = {m.name.removeprefix("./"): m for m in tar.getmembers() if m.isfile() and m.name.endswith(suffixes)}
        for name in sorted(members):
            file = tar.extractfile(members[name])
            if file is not None:
                yield name.removeprefix("package/"), file.read()


def moonpad_core_files(archive: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of MoonBit's core library out of npm's `@moonbit/moonpad-monaco`.

    The bundle assigns base64 blobs to variables, `NAME = d("...")`, and those to paths, `x["/lib/core/..."] = NAME;`.
    It is read as text. Raises `SourceError` where that form is not found.
    """
    bundle = dict(files_in(archive, ("dist/moonpad-monaco.js",)))
    if not bundle:
        raise SourceError(f"{archive.name}: no dist/moonpad-monaco.js in it; expected @moonbit/moonpad-monaco")
    text = next(iter(bundle.values())).decode()
    blobs = dict(_BLOB.findall(text))
    entries = [(path, variable) for path, variable in _ENTRY.findall(text) if variable in blobs]
    if not entries:
        raise SourceError(f"{archive.name}: the core library is not where version 0.1.202602255 has it")
    for entry, variable in sorted(entries):
        path = entry.removesuffix(".gz")
        if path.endswith(suffixes) and not path.startswith("_build/"):
            content = base64.b64decode(blobs[variable])
            yield path, gzip.decompress(content) if entry.endswith(".gz") else content


def licence_of(archive: Path) -> str:
    """The licence that the package's own metadata state, as SPDX where possible; `unknown` where they state none.

    Of a Debian package, the licences of all stanzas of the machine-readable copyright file but `debian/*`,
    joined with AND: what the archive ships may be under any of them.
    """
    if archive.suffix == ".whl":
        return _wheel_licence(archive)
    if archive.suffix == ".tgz":
        return _npm_licence(archive)
    return _debian_licence(archive)


def accepted(licence: str, allowed: tuple[str, ...]) -> bool:
    """Whether an SPDX expression is covered: every part of an AND, at least one of an OR. Parentheses: all parts."""
    if "(" in licence.strip("()"):
        return all(part in allowed for part in re.split(r"\s+(?:AND|OR)\s+|[()]+", licence) if part)
    return all(
        any(option.strip() in allowed for option in part.split(" OR ")) for part in licence.strip("()").split(" AND ")
    )


class _guarded:  # noqa: N801 - reads as a statement
    """Turn what a broken archive raises into one line."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, zipfile.BadZipFile | tarfile.TarError | EOFError | gzip.BadGzipFile):
            raise SourceError(
                f"{self.archive.name} is damaged ({problem}); delete it, and it is fetched again"
            ) from None


def _tar_bytes(archive: Path) -> bytes:
    if archive.suffix == ".tgz":
        return gzip.decompress(archive.read_bytes())
    try:
        return subprocess.run(["dpkg-deb", "--fsys-tarfile", str(archive)], capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise SourceError(f"dpkg-deb is not installed; it is needed to read {archive.name}") from None
    except subprocess.CalledProcessError as problem:
        reason = problem.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SourceError(f"{archive.name} cannot be read: {''.join(reason)}") from None


def _wheel_licence(archive: Path) -> str:
    content = dict(files_in(archive, (".dist-info/METADATA",)))
    if not content:
        return "unknown"
    metadata = BytesParser().parsebytes(next(iter(content.values())), headersonly=True)
    if expression := metadata.get("License-Expression"):
        return str(expression).strip()
    names = [
        str(c).rpartition(" :: ")[2] for c in metadata.get_all("Classifier", []) if str(c).startswith("License ::")
    ]
    return " AND ".join(sorted({_TROVE.get(name, name) for name in names if name != "OSI Approved"})) or "unknown"


def _npm_licence(archive: Path) -> str:
    content = {path: data for path, data in files_in(archive, ("package.json",)) if path == "package.json"}
    stated = json.loads(content["package.json"]).get("license") if content else None
    if isinstance(stated, dict):
        stated = stated.get("type")
    return stated.strip() if isinstance(stated, str) else "unknown"


def _debian_licence(archive: Path) -> str:
    texts = [data.decode(errors="replace") for path, data in files_in(archive, ("/copyright",)) if "/doc/" in path]
    found: set[str] = set()
    for stanza in re.split(r"\n\s*\n", "\n".join(texts)):
        files = re.search(r"^Files:(.*(?:\n[ \t]+.*)*)", stanza, re.MULTILINE)
        licence = re.search(r"^License:[ \t]*(\S.*)", stanza, re.MULTILINE)
        if files and licence and not all(name.startswith("debian/") for name in files.group(1).split()):
            options = re.split(r"\s+or\s+", licence.group(1).strip(), flags=re.IGNORECASE)
            found.add(" OR ".join(_DEBIAN.get(option.strip().lower(), option.strip()) for option in options))
    return " AND ".join(sorted(found)) or "unknown"

"""What simulated users type: real source files of Python's standard library, continued key stroke by key stroke.

Each user sits in a file of their own, in its middle, and types on: the prompt of one request is that of the one
before with a few characters more, so that all but its end is in the engine's prefix cache. Deterministic for a
version of Python.
"""

from __future__ import annotations

import itertools
import random
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.wire import CompletionRequest

PREFIX_CHARACTERS = 4200
SUFFIX_CHARACTERS = 1300


@dataclass(frozen=True, slots=True)
class User:
    """One user's requests, in order; the first is the opening of the file, and warms the prefix cache."""

    requests: tuple[CompletionRequest, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and where in it somebody begins to type."""

    name: str
    text: str
    start: int


def users(count: int, key_strokes: int, max_new_tokens: int, seed: int) -> list[User]:
    """`count` users with `1 + key_strokes` requests each; other seeds give other places in other files."""
    rng = random.Random(seed)
    return [
        User(tuple(_typing(path, rng, key_strokes + 1, max_new_tokens, f"{seed}-{number}")))
        for number, path in enumerate(_chosen(count, rng))
    ]


def places(count: int, seed: int) -> Iterator[Place]:
    """Where `count` users begin, in files of their own as far as there are so many."""
    rng = random.Random(seed)
    files = list(_long_files())
    rng.shuffle(files)
    for path in itertools.islice(itertools.cycle(files), count):
        text = path.read_text(encoding="utf-8")
        yield Place(path.name, text, _line_start(text, rng))


def _chosen(count: int, rng: random.Random) -> list[Path]:
    files = list(_long_files())
    rng.shuffle(files)
    if len(files) < count:
        raise ValueError(f"the standard library has {len(files)} long files, {count} are asked for")
    return files[:count]


def _line_start(text: str, rng: random.Random) -> int:
    """The beginning of some line that has enough before it and behind it."""
    return text.rindex("\n", 0, rng.randrange(PREFIX_CHARACTERS, len(text) - 2 * SUFFIX_CHARACTERS)) + 1


def _typing(
    path: Path, rng: random.Random, requests: int, max_new_tokens: int, session: str
) -> Iterator[CompletionRequest]:
    text = path.read_text(encoding="utf-8")
    cursor = start = _line_start(text, rng)
    head = max(start - PREFIX_CHARACTERS, 0)
    for number in range(requests):
        line_end = text.find("\n", cursor)
        yield CompletionRequest(
            request_id=f"{session}-{number}",
            session_id=session,
            language="python",
            path=path.name,
            repository="lib",
            prefix=text[head:cursor],
            suffix=text[line_end : start + SUFFIX_CHARACTERS],
            max_new_tokens=max_new_tokens,
            batch=True,  # a closed loop: nobody types
        )
        cursor += rng.randint(1, 4)


def _long_files() -> Iterator[Path]:
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("**/*.py")):
        if "site-packages" in path.parts or "test" in path.parts:
            continue
        if path.stat().st_size > 4 * (PREFIX_CHARACTERS + SUFFIX_CHARACTERS) and _is_ascii(path):
            yield path


def _is_ascii(path: Path) -> bool:
    return path.read_bytes().isascii()

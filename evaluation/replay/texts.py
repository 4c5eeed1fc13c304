"""The files that are typed: sources, and held-out documents in JSONL, cut to what is asked for.

What of a long file is typed follows from the seed and the file's name alone, in whole lines.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import ConfigError
from core.language_files import LanguageRegistry
from evaluation.heldout.positions import read_heldout
from evaluation.replay.play import Passage

MAX_SIBLINGS = 64
MAX_BYTES = 1 << 20


def passages(
    files: Sequence[Path],
    registry: LanguageRegistry,
    *,
    seed: int = 1,
    characters: int = 0,
    inside: bool = False,
    per_file: int = 0,
    languages: Sequence[str] = (),
) -> list[Passage]:
    """What is typed, one passage a file or document.

    Of a JSONL at most `per_file` documents, drawn by the seed (0: all); of each at most `characters` (0: all), from its
    start, or with `inside` from somewhere in it. Documents of one package are each other's siblings, and so are the
    sources. Raises `ConfigError`: a file cannot be read, is not text, is empty, or is of no language that is known.
    """
    sources: list[tuple[str, str, str, str]] = []  # package, path, language, text
    for file in files:
        if file.suffix == ".jsonl":
            sources += _documents(file, seed, per_file)
        else:
            sources.append(("", _name(file), registry.for_path(file.name).name, _text(file)))
    if languages:
        known = {language for _, _, language, _ in sources}
        if missing := [name for name in languages if name not in known]:
            raise ConfigError(f"no file is in {missing[0]}; the files are in {', '.join(sorted(known))}")
        sources = [source for source in sources if source[2] in languages]
    made = list(_passages(sources, seed, characters, inside=inside))
    if not made:
        raise ConfigError("none of the files holds a line to type")
    return made


def _passages(
    sources: Sequence[tuple[str, str, str, str]], seed: int, characters: int, *, inside: bool
) -> Iterator[Passage]:
    for package, path, language, text in sources:
        if not text.strip():
            continue
        name = _joined(package, path)
        others = sorted((p, t) for g, p, _, t in sources if g == package and p != path)
        siblings = {_joined(package, p): t for p, t in others[:MAX_SIBLINGS]}
        start, end = _window(text, f"{seed}:{name}", characters, inside=inside)
        yield Passage(name, language, text[start:end], text[:start], text[end:], siblings)


def _joined(package: str, path: str) -> str:
    return f"{package}/{path}" if package else path


def _window(text: str, seed: str, characters: int, *, inside: bool) -> tuple[int, int]:
    """Start and end of what is typed: a line's start, and the end of one, so that it is typed on a line of its own."""
    if not characters or len(text) <= characters:
        return 0, len(text)
    starts = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
    latest = max((start for start in starts if start <= len(text) - characters), default=0)
    start = 0
    if inside:
        rng = random.Random(f"{seed}:window")  # noqa: S311 - not for secrets
        start = rng.choice([each for each in starts if each <= latest])
    ends = [each - 1 for each in starts if start + 1 < each <= start + characters]
    return start, max(ends, default=start + characters)


def _documents(file: Path, seed: int, per_file: int) -> list[tuple[str, str, str, str]]:
    documents = read_heldout(file)
    order = sorted(documents, key=lambda d: random.Random(f"{seed}:{d.package}:{d.path}").random())  # noqa: S311
    chosen = order[:per_file] if per_file else order
    return [(d.package, d.path, d.language, d.text.replace("\r\n", "\n").replace("\r", "\n")) for d in chosen]


def _name(file: Path) -> str:
    """A file's path below the current folder; of another, all but what leads there."""
    here = Path.cwd()
    path = file.resolve()
    named = path.relative_to(here) if path.is_relative_to(here) else Path(path.name)
    return named.as_posix()


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
        text = data.decode("utf-8")
    except OSError as problem:
        raise ConfigError(f"{file}: cannot be read ({(problem.strerror or 'error').lower()})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text; name source files, or JSONL of held-out documents") from None
    if len(data) > MAX_BYTES or "\0" in text:
        raise ConfigError(f"{file}: is binary or larger than 1 MiB; nobody types that")
    return text.replace("\r\n", "\n").replace("\r", "\n")

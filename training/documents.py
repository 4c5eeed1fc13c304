"""What makes a file a document: decoding, filters, near-duplicates. Pure functions, no files.

Guarantees: every refusal has one stable word, so that a corpus card can count them; nothing depends on the order of
hashing or on the clock.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import asdict, dataclass

import numpy as np
from datasketch import MinHash, MinHashLSH

SHINGLE_WORDS = 5

_VENDORED = re.compile(
    r"(^|/)(_?vendor(ed|ing)?|third_?party|3rdparty|node_modules|externals?|extern|_dist|dist|build|umd|locales?|bundles?)/",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"@generated|auto[- ]?generated|do not (edit|modify)|(is|was|automatically) generated (by|from)|generated file",
    re.IGNORECASE,
)
_MINIFIED_NAME = re.compile(r"[.-](min|bundle|pack)\.[a-z]+$")
_WORD = re.compile(r"\w+|[^\w\s]")
_COMMENT_LINE = re.compile(r"^\s*(#|//|--|\*|/\*)")
_NOTICE = re.compile(r"licen[cs]e|copyright", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """One file of one package, as text with `\\n` line ends."""

    language: str
    package: str
    path: str
    text: str

    def as_json(self) -> dict[str, str]:
        """The four fields by name."""
        return asdict(self)


def decoded(content: bytes) -> str | None:
    """UTF-8 text with `\\n` line ends and without a byte order mark; `None` if it is not UTF-8 or holds NUL."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")


def refusal(path: str, text: str, min_bytes: int, max_bytes: int, max_line_bytes: int) -> str | None:
    """One word for why a file is no document (`vendored`, `minified`, `generated`, `short`, ...), or `None`."""
    size = len(text.encode())
    lines = text.splitlines()
    if _VENDORED.search(path):
        return "vendored"
    if _MINIFIED_NAME.search(path):
        return "minified"
    if size < min_bytes:
        return "short"
    if size > max_bytes:
        return "long"
    if max((len(line) for line in lines), default=0) > max_line_bytes or size / max(len(lines), 1) > max_line_bytes / 4:
        return "minified"
    if _GENERATED.search(text[:1500]):
        return "generated"
    letters = sum(character.isalpha() or character.isspace() for character in text)
    return "data" if letters < 0.6 * len(text) else None


def without_notice(text: str) -> str:
    """The text without an opening comment that states a licence or copyright: the same lines in every file."""
    lines = text.split("\n")
    end = 0
    while end < len(lines) and (_COMMENT_LINE.match(lines[end]) or not lines[end].strip()):
        end += 1
    return "\n".join(lines[end:]) if end and _NOTICE.search("\n".join(lines[:end])) else text


def content_key(text: str) -> str:
    """Equal for texts that differ in white space only."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def signature(text: str, permutations: int) -> MinHash:
    """MinHash over shingles of five words (Broder 1997); the same for the same text on every machine."""
    words = _WORD.findall(text)
    shingles = {" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))}
    result = MinHash(num_perm=permutations, seed=1, hashfunc=_identity)
    result.update_batch(sorted(zlib.crc32(shingle.encode()) for shingle in shingles))
    return result


def _identity(value: int) -> int:
    return value


class DuplicateIndex:
    """Documents seen so far, by content and by near-content."""

    def __init__(self, similarity: float, permutations: int) -> None:
        self._index = MinHashLSH(threshold=similarity, num_perm=permutations)
        self._similarity = similarity
        self._signatures: dict[str, MinHash] = {}
        self._contents: set[str] = set()

    def seen(self, text: str, text_signature: MinHash) -> str | None:
        """`exact_duplicate` or `near_duplicate` of a document added before, or `None`."""
        if content_key(text) in self._contents:
            return "exact_duplicate"
        for name in self._index.query(text_signature):
            if text_signature.jaccard(self._signatures[name]) >= self._similarity:
                return "near_duplicate"
        return None

    def add(self, name: str, text: str, text_signature: MinHash) -> None:
        """Remember a document under a name that is not in use."""
        self._contents.add(content_key(text))
        self._index.insert(name, text_signature)
        self._signatures[name] = text_signature


def shuffled(count: int, seed: int) -> list[int]:
    """The numbers below `count` in an order that depends on the seed alone."""
    return [int(i) for i in np.random.Generator(np.random.PCG64(seed)).permutation(count)]

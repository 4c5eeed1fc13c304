"""Which replica a session belongs to: rendezvous hashing.

Thaler and Ravishankar, "A name-based mapping scheme for rendezvous", 1998: each pair of key and replica has a
number, and the highest wins. Guarantees: the same on every server that knows the same replicas, with nothing
shared; when a replica goes, its own keys alone move, evenly to the others; when it is back, the same ones return.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def ranked(key: str, names: Iterable[str]) -> list[str]:
    """`names`, the first choice for `key` first."""
    return sorted(names, key=lambda name: (_number(key, name), name), reverse=True)


def _number(key: str, name: str) -> bytes:
    return hashlib.blake2b(f"{key}\0{name}".encode(errors="surrogatepass"), digest_size=8).digest()

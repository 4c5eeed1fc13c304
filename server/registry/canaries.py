"""Which users get the candidate of a canary."""

from __future__ import annotations

import hashlib

from server.registry.models_file import CanaryPolicy


def gets_candidate(language: str, policy: CanaryPolicy, user: str) -> bool:
    """Whether this user is in the candidate's share: the same answer each time, and another draw for each candidate."""
    digest = hashlib.blake2b(f"{language}\0{policy.candidate}\0{user}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < policy.share * 2.0**64

"""Secrets: passwords, keys and tokens, found by detect-secrets' detectors and replaced by `<KEY>`.

Only lines that can hold one are given to them (a word such as `password` beside a quote, a long run of letters and
digits, credentials in a URL): they take a millisecond for a few lines. Nothing is ever verified over the network:
detectors are asked for what a line holds and for nothing else. Detectors of high entropy are left out, since they
take every hash and identifier for a secret. What is a template, a reference or a well-known placeholder stays.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

KEY = "<KEY>"
_MAX_LINE = 5000
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_CANDIDATE = re.compile(
    r"key|pass|token|pwd|secret|contrase|recaptcha"
    r"|(?<![0-9a-z_+/=.-])(?=[a-z_+/=.-]{0,30}[0-9])[0-9a-z_+/=.-]{20}|://[^\s/]*:[^\s/]*@"
)
_NO_SECRET = re.compile(
    r"(?i)^(.)\1*$|x{4,}|\*{3,}|\.\.\.|^<.*>$|^\[.*\]$|^(your|my|some|the|a|test|dummy|fake|sample|example|change|insert)"
    r"[-_ ]|^(password|passwd|secret|token|key|none|null|nil|true|false|yes|no|string|text|changeme|todo|empty|value)$"
)
_LEFT_OUT = frozenset({"Base64HighEntropyString", "HexHighEntropyString", "PrivateKeyDetector"})


def without_secrets(text: str) -> tuple[str, int]:
    """The text with `<KEY>` in the place of each secret, and their number."""
    text, count = _PRIVATE_KEY.subn(KEY, text)
    lines = text.split("\n")
    for number in _candidate_lines(text):
        if len(lines[number]) > _MAX_LINE:
            continue
        for secret in sorted(set(_secrets(lines[number])), key=len, reverse=True):
            if secret in lines[number]:
                lines[number] = lines[number].replace(secret, KEY)
                count += 1
    return "\n".join(lines), count


def _candidate_lines(text: str) -> Iterator[int]:
    """Numbers of lines that may hold a secret, ascending."""
    lowered = text.lower()
    if lowered.count("\n") != text.count("\n") or len(lowered) != len(text):
        lowered = text  # a few letters change their length
    number = position = 0
    while match := _CANDIDATE.search(lowered, position):
        number += lowered.count("\n", position, match.start())
        yield number
        end = lowered.find("\n", match.start())
        if end < 0:
            return
        number, position = number + 1, end + 1


def _secrets(line: str) -> Iterator[str]:
    quoted = any(quote in line for quote in "\"'`")
    for name, analyze in _detectors():
        if name == "KeywordDetector" and not quoted:
            continue
        for secret in analyze(line):
            if name != "KeywordDetector" or _is_secret(secret):
                yield secret


def _is_secret(value: str) -> bool:
    """Whether a value beside a word such as `password` is one: no word of a language, no template, no reference."""
    value = value.strip()
    if len(value) < 6 or " " in value or _NO_SECRET.search(value) or re.fullmatch(r"[A-Za-z_]+|[\W_]+", value):
        return False
    return not any(is_none(value) for is_none in _heuristics())


@functools.cache
def _detectors() -> tuple[tuple[str, Callable[[str], Iterator[str]]], ...]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    plugins: list[Any] = [plugin() for plugin in get_mapping_from_secret_type_to_class().values()]
    named = {type(plugin).__name__: plugin.analyze_string for plugin in plugins}
    return tuple((name, named[name]) for name in sorted(named) if name not in _LEFT_OUT)


@functools.cache
def _heuristics() -> tuple[Callable[[str], bool], ...]:
    from detect_secrets.filters import heuristic

    return (
        heuristic.is_sequential_string,
        heuristic.is_potential_uuid,
        heuristic.is_templated_secret,
        heuristic.is_prefixed_with_dollar_sign,
        heuristic.is_not_alphanumeric_string,
    )

"""A prompt as segments: text, or one special token.

An engine renders segments to token ids, so that code which happens to contain a special token's text stays
text. Only an endpoint that takes nothing but strings gets them joined, with that limit said there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is encoded as text, whatever it holds."""

    text: str


@dataclass(frozen=True, slots=True)
class Special:
    """One special token, by the text that the tokenizer knows it under."""

    token: str


Segment = Text | Special


def merged(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Join neighbouring texts and drop empty ones, so that a tokenizer sees each run of text whole."""
    result: list[Segment] = []
    for segment in segments:
        if isinstance(segment, Text):
            if not segment.text:
                continue
            if result and isinstance(result[-1], Text):
                result[-1] = Text(result[-1].text + segment.text)
                continue
        result.append(segment)
    return tuple(result)


def joined(segments: Iterable[Segment]) -> str:
    """The segments as one string. Text that contains a special token's text is no longer told from the token."""
    return "".join(segment.text if isinstance(segment, Text) else segment.token for segment in segments)

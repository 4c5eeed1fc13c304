"""Several answers to one request: the greedy one, and others that are drawn.

Guarantees: no text twice, none empty; the same request gets the same seeds; closing the generator stops every job.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence

from core.errors import VernacularError
from core.wire import Candidate, CompletionRequest
from server.answering import Answer

TEMPERATURE = 1.0
"""Of the drawn answers. At 1 the probabilities that the engine reports are the model's own, so that the confidence of
a drawn answer compares with that of the greedy one."""

Parts = AsyncGenerator[str | Answer, None]


def seed_of(request: CompletionRequest, number: int) -> int:
    """The seed of the drawn answer `number`: by the request's own seed where it has one, else by the text around."""
    base = request.prefix + "\0" + request.suffix if request.seed is None else str(request.seed)
    digest = hashlib.blake2b(f"{number} {base}".encode(errors="replace"), digest_size=4).digest()
    return int.from_bytes(digest) & 0x7FFF_FFFF


async def side_by_side(first: Parts, others: Sequence[Parts]) -> AsyncGenerator[str | list[Answer], None]:
    """Texts of the first as they come, then every whole answer, the first's first.

    Another one's failure costs that one alone. Raises what the first raises.
    """
    tasks = [asyncio.ensure_future(_drawn(parts)) for parts in others]
    try:
        answer: Answer | None = None
        async with contextlib.aclosing(first):
            async for part in first:
                if isinstance(part, Answer):
                    answer = part
                else:
                    yield part
        assert answer is not None, "an answer always ends"
        drawn = await asyncio.gather(*tasks)
        yield [answer, *(each for each in drawn if each is not None)]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def ranked(answers: Sequence[Answer], cleaned: Callable[[Answer], str]) -> list[tuple[Answer, Candidate]]:
    """The answers that are worth showing, the surest first; of equal texts the surer one."""
    found: dict[str, tuple[Answer, Candidate]] = {}
    for answer in sorted(answers, key=lambda each: -each.confidence):
        if text := cleaned(answer):
            found.setdefault(text, (answer, Candidate(text=text, confidence=answer.confidence)))
    return list(found.values())


async def _drawn(parts: Parts) -> Answer | None:
    try:
        async with contextlib.aclosing(parts):
            async for part in parts:
                if isinstance(part, Answer):
                    return part
    except VernacularError:
        pass
    return None

"""What the player needs of a client: it is told each step of the document, and shows what it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from evaluation.replay.buffer import Buffer, Change
from evaluation.replay.clock import Clock
from evaluation.replay.records import Usage


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document that is open: the buffer is the player's, and changes under the client's eyes.

    `siblings` are other files of its workspace, by path; the document itself is not among them.
    `show` puts a text on display at the cursor, in place of the one before; an empty one clears it.
    """

    name: str
    language: str
    siblings: Mapping[str, str]
    buffer: Buffer
    show: Callable[[str], None]
    clock: Clock


class Client(Protocol):
    """One editor with its server. One document at a time.

    Raises `ServerUnreachableError` from `open` where the server does not answer; a request that fails later is counted.
    """

    model: str

    async def open(self, sheet: Sheet) -> None:
        """A document is opened."""

    def edited(self, change: Change) -> None:
        """The document or the cursor changed. Shows at once what is still to be shown, asks in the background."""

    async def finish(self) -> Usage:
        """The document is closed, what is under way for it given up. What it cost."""

    async def close(self) -> None:
        """Everything ends."""

"""What stands on the screen, for how long, and what becomes of it.

A *reading* is one proposal in somebody's eyes: it goes on while the text stays, shrinks as it is typed along, or grows
at its end, also over a short flicker. A *moment* is one stroke and what was shown from it to the next one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from evaluation.replay.buffer import Cause, Change
from evaluation.replay.clock import Clock
from evaluation.replay.person import Choice, Habits, Verdict, choice, is_right, reaction_s
from evaluation.replay.records import Moment
from evaluation.replay.typist import Typist

FLICKER_S = 0.1
"""A proposal that is back within this time was never gone."""


@dataclass(slots=True)
class _Reading:
    text: str
    read_at_s: float
    verdict: Verdict = Verdict.FLASHED
    judged: bool = False
    hidden_at_s: float | None = None


@dataclass
class Screen:
    """The proposals of one file. Clients call `show`, the player everything else."""

    typist: Typist
    habits: Habits
    clock: Clock
    seed: str
    displayed: str = ""
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    moments: list[Moment] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: _Reading | None = None
    _stroke_s: float | None = None

    def show(self, text: str) -> None:
        """From now on the editor shows this text at the cursor; nothing where it is empty."""
        if text == self.displayed:
            return
        now_s = self.clock.now_s()
        self.displayed = text
        self.changed.set()
        reading = self._reading
        if not text:
            if reading and reading.hidden_at_s is None:
                reading.hidden_at_s = now_s
            return
        if reading and text.startswith(reading.text) and now_s - (reading.hidden_at_s or now_s) <= FLICKER_S:
            reading.text, reading.hidden_at_s = text, None
        else:
            self._end_reading()
            needed_s = reaction_s(self.habits, f"{self.seed}:{self.typist.place}")
            self._reading = _Reading(text, now_s + needed_s)
        self._note(now_s)

    def stroke(self, change: Change) -> None:
        """A stroke changed the document; the client is told after this, and shows anew what is still there."""
        self.end_moment()
        self._follow(change)
        if change.cause is not Cause.ACCEPTED and len(self.typist.expected) >= self.habits.min_characters:
            self._stroke_s = self.clock.now_s()
            self.moments.append(Moment(place=self.typist.place))

    def end_moment(self) -> None:
        """What is shown from now on belongs to no stroke before."""
        self._stroke_s = None

    @property
    def read_at_s(self) -> float | None:
        """When the proposal on display will have been read; none where there is nothing new to read."""
        reading = self._reading
        return reading.read_at_s if reading and self.displayed and not reading.judged else None

    def read(self) -> Choice:
        """The proposal on display has been read: what the person makes of it."""
        assert self._reading
        made = choice(self.displayed, self.typist.expected, self.habits.min_characters)
        self._reading.judged, self._reading.verdict = True, made.verdict
        return made

    def close(self) -> None:
        """The file is done."""
        self._end_reading()
        self.displayed = ""

    def _follow(self, change: Change) -> None:
        reading = self._reading
        self.displayed = ""
        if reading is None:
            return
        if change.is_plain_typing and reading.text.startswith(change.typed) and reading.text != change.typed:
            reading.text = reading.text[len(change.typed) :]
            reading.hidden_at_s = self.clock.now_s() if reading.hidden_at_s is None else reading.hidden_at_s
        else:
            self._end_reading()

    def _end_reading(self) -> None:
        if self._reading:
            self.verdicts[self._reading.verdict] += 1
            self._reading = None

    def _note(self, now_s: float) -> None:
        """The first text of a moment, and the first right one."""
        if self._stroke_s is None:
            return
        moment, ms = self.moments[-1], (now_s - self._stroke_s) * 1e3
        right = is_right(self.displayed, self.typist.expected, self.habits.min_characters)
        self.moments[-1] = Moment(
            place=moment.place,
            any_ms=ms if moment.any_ms is None else moment.any_ms,
            right_ms=ms if moment.right_ms is None and right else moment.right_ms,
        )

"""Somebody who types a text, key by key, into an editor that closes brackets and indents.

Guarantees: however much is accepted of proposals on the way, the document ends as exactly the text; what happens at a
place of the text (interval, typo, pause) depends on the seed and that place alone, so that two conditions with the
same seed meet the same person.

The editor closes a bracket or a quote when it is opened; the closing one is typed over when the text comes to it, and
white space that the editor put before it is put right in the same stroke. A new line is indented like the one above,
one step deeper behind an opening; what is too much is taken back in one stroke, what is missing is one stroke.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from core.sequences import common_length
from evaluation.replay.buffer import Buffer, Cause, Change
from evaluation.replay.pairs import closing, editor_closes, indentation, indentation_unit, next_indentation, pairs
from evaluation.replay.rhythm import Rhythm, interval_s, slip
from evaluation.replay.script import Insertion, script


@dataclass(slots=True)
class _Closer:
    """A closing bracket behind the cursor: its place in the text, and the white space that the editor put before it."""

    opener: int
    place: int
    gap: str = ""


@dataclass(slots=True)
class _Level:
    """A text being typed: `done` characters of it stand before the cursor, then `surplus`, which has to go again."""

    name: str
    text: str
    done: int = 0
    surplus: str = ""
    closers: list[_Closer] = field(default_factory=list)
    slips: deque[str] = field(default_factory=deque)  # strokes of a typo under way; empty text: backspace
    slipped: int = -1
    pairs: dict[int, int] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether nothing that is wrong stands before the cursor."""
        return not self.surplus and not self.slips

    @property
    def limit(self) -> int:
        """Where the text to be typed meets what the editor has put behind the cursor."""
        if not self.closers:
            return len(self.text)
        place = self.closers[-1].place
        return self.done + len(self.text[self.done : place].rstrip())


class Typist:
    """Types `text` between `before` and `after`, which stand there already."""

    def __init__(
        self, text: str, seed: str, rhythm: Rhythm | None = None, *, before: str = "", after: str = ""
    ) -> None:
        self._rhythm = rhythm or Rhythm()
        self._seed = seed
        plan = script(text, seed, self._rhythm.jumps)
        self._unit = indentation_unit(before + text + after)
        self._base = len(before)
        self._waiting = deque(plan.insertions)
        self._inserted: list[Insertion] = []
        self._main = _Level("text", plan.text, pairs=pairs(plan.text))
        self._inner: _Level | None = None
        self.buffer = Buffer(before + after, len(before))

    @property
    def finished(self) -> bool:
        """Whether the document holds all of the text."""
        return not self._inner and not self._waiting and self._main.done == len(self._main.text) and self._main.clean

    @property
    def place(self) -> str:
        """A name for how far the writing has come, the same in every condition."""
        return f"{self._level.name}:{self._level.done}"

    @property
    def expected(self) -> str:
        """What is going to be typed at the cursor, up to what stands behind it; nothing while a mistake stands there.

        With an inserted line it ends with that line.
        """
        level = self._level
        return level.text[level.done : level.limit] if level.clean else ""

    @property
    def written(self) -> str:
        """What of the text stands in the document by now, in the order in which it was written."""
        lines = [line.text for line in self._inserted]
        if self._inner:
            lines[-1] = self._inner.text[: self._inner.done]
        return "".join([self._main.text[: self._main.done], *lines])

    def delay_s(self) -> float:
        """How long the typist takes for the next stroke."""
        level, rhythm = self._level, self._rhythm
        rng = self._random("delay")
        if level.slips:
            first_erase = level.slips[0] == "" and len(level.slips) == len(level.surplus)
            pause = interval_s(rng, rhythm.notice_ms, rhythm.pause_spread) if first_erase else 0.0
            return pause + interval_s(rng, rhythm.erase_ms, rhythm.spread)
        delay = interval_s(rng, rhythm.key_ms, rhythm.spread)
        if self._due() or (self._inner and self._inner.done == len(self._inner.text) and self._inner.clean):
            return delay + interval_s(rng, rhythm.jump_ms, rhythm.pause_spread)
        written = level.text[: level.done]
        if level.done == 0 or not written[written.rfind("\n") + 1 :].strip():
            delay += interval_s(rng, rhythm.line_ms, rhythm.pause_spread)
            if rng.random() < rhythm.thinking:
                delay += interval_s(rng, rhythm.think_ms, rhythm.pause_spread)
        return delay

    def press(self) -> Change:
        """The next stroke. Never called when finished."""
        assert not self.finished
        if self._level.slips:
            return self._slip()
        if self._inner and self._inner.done == len(self._inner.text) and self._inner.clean:
            self._inner = None
            return self.buffer.move(self._offset(self._main.done))
        if self._due():
            return self._jump()
        return self._stroke(self._level)

    def accept(self, length: int) -> Change:
        """Take so many characters of what is expected from a proposal."""
        assert 0 < length <= len(self.expected)
        level = self._level
        change = self.buffer.insert(Cause.ACCEPTED, level.text[level.done : level.done + length])
        level.done += length
        return change

    @property
    def _level(self) -> _Level:
        return self._inner or self._main

    def _random(self, what: str) -> random.Random:
        level = self._level
        key = f"{self._seed}:{level.name}:{level.done}:{len(level.slips)}:{what}"
        return random.Random(key)  # noqa: S311 - not for secrets

    def _due(self) -> bool:
        level = self._main
        return not self._inner and level.clean and bool(self._waiting) and level.done >= self._waiting[0].due

    def _offset(self, done: int) -> int:
        """Where in the document a place of the main text is, with the lines inserted so far before it."""
        return self._base + done + sum(len(line.text) for line in self._inserted if line.anchor <= done)

    def _jump(self) -> Change:
        insertion = self._waiting.popleft()
        offset = self._offset(insertion.anchor)
        self._inserted.append(insertion)
        self._inner = _Level(f"line{len(self._inserted)}", insertion.text, pairs=pairs(insertion.text))
        return self.buffer.move(offset)

    def _slip(self) -> Change:
        level = self._level
        typed = level.slips.popleft()
        if typed:
            level.surplus += typed
            return self.buffer.insert(Cause.TYPED, typed)
        level.surplus = level.surplus[:-1]
        return self.buffer.replace(Cause.ERASED, self.buffer.cursor - 1, self.buffer.cursor, "")

    def _stroke(self, level: _Level) -> Change:
        if level.closers and not level.text[level.done : level.closers[-1].place].strip():
            return self._step_over(level)
        character = level.text[level.done : level.done + 1]  # empty where only the surplus has to go
        if character == "\n":
            return self._enter(level)
        if level.surplus:
            gone, level.surplus = len(level.surplus), ""
            return self.buffer.replace(Cause.ERASED, self.buffer.cursor - gone, self.buffer.cursor, "")
        if character in (" ", "\t") and self._at_line_start(level):
            missing = indentation(level.text[level.done :])
            level.done += len(missing)
            return self.buffer.insert(Cause.TYPED, missing)
        if level.done in level.pairs and editor_closes(self.buffer.after):
            level.closers.append(_Closer(level.done, level.pairs[level.done]))
            level.done += 1
            return self.buffer.insert(Cause.TYPED, character, closing(character))
        if level.slipped != level.done and character.isascii() and character.isalpha():
            rng = self._random("typo")
            if rng.random() < self._rhythm.typos:
                self._begin_slip(level, character, rng)
                return self._slip()
        level.done += 1
        return self.buffer.insert(Cause.TYPED, character)

    def _begin_slip(self, level: _Level, character: str, rng: random.Random) -> None:
        """A wrong letter, perhaps the next one too, then back."""
        level.slipped = level.done
        typed = slip(character, rng)
        following = level.text[level.done + 1 : level.done + 2]
        if following.isalpha() and rng.random() < 0.5:
            typed += following
        level.slips.extend([*typed, *[""] * len(typed)])

    def _step_over(self, level: _Level) -> Change:
        closer = level.closers.pop()
        wanted = level.text[level.done : closer.place]
        level.done = closer.place + 1
        buffer = self.buffer
        start = buffer.cursor - len(level.surplus)
        end = buffer.cursor + len(closer.gap)
        level.surplus, right = "", buffer.text[end]
        if buffer.text[start:end] == wanted:
            return buffer.move(end + 1)
        return buffer.replace(Cause.TYPED, start, end + 1, wanted + right)

    def _enter(self, level: _Level) -> Change:
        """A line end and the editor's indentation; between brackets just opened, the closing one goes a line down."""
        buffer = self.buffer
        start = buffer.cursor - len(level.surplus)
        line = buffer.text[buffer.text.rfind("\n", 0, start) + 1 : start]
        guess = next_indentation(line if line.strip() or not level.surplus else level.surplus, self._unit)
        below = ""
        if level.closers and level.closers[-1].opener == level.done - 1 and not level.closers[-1].gap:
            level.closers[-1].gap = below = "\n" + indentation(line)
        change = buffer.replace(Cause.TYPED, start, buffer.cursor, "\n" + guess, below)
        level.done += 1
        right = common_length(guess, level.text[level.done :])
        level.done += right
        level.surplus = guess[right:]
        return change

    def _at_line_start(self, level: _Level) -> bool:
        before = self.buffer.before
        return not before[before.rfind("\n") + 1 :].strip()

"""One file, from the first stroke to the last: the typist types, the client shows, the person reads and takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evaluation.replay.buffer import Cause
from evaluation.replay.clients.base import Client, Sheet
from evaluation.replay.clock import Clock
from evaluation.replay.pairs import characters_that_count
from evaluation.replay.records import Conditions, FileRecord
from evaluation.replay.screen import Screen
from evaluation.replay.typist import Typist


@dataclass(frozen=True, slots=True)
class Passage:
    """What is to be typed, and what stands around it already: in its file, and by path in other files."""

    name: str
    language: str
    text: str
    before: str = ""
    after: str = ""
    siblings: Mapping[str, str] = field(default_factory=dict)


async def play(
    passage: Passage, client: Client, conditions: Conditions, progress: Callable[[float], None] = lambda _: None
) -> FileRecord:
    """Type a passage. `progress` is told the share that is written.

    The client's `open` may raise; after it nothing does but a fault of this program.
    """
    seed = f"{conditions.seed}:{passage.name}"
    clock = Clock(conditions.speed)
    typist = Typist(passage.text, seed, conditions.rhythm, before=passage.before, after=passage.after)
    screen = Screen(typist, conditions.habits, clock, seed)
    await client.open(Sheet(passage.name, passage.language, passage.siblings, typist.buffer, screen.show, clock))
    began_s = clock.now_s()
    strokes, taking_strokes, saved = 0, 0, 0
    ends_s = began_s + conditions.minutes * 60 if conditions.minutes else float("inf")
    due_s = began_s + typist.delay_s()
    while not typist.finished and clock.now_s() < ends_s:
        read_at_s = screen.read_at_s
        screen.changed.clear()
        await clock.until(min(due_s, read_at_s if read_at_s is not None else due_s), screen.changed)
        now_s = clock.now_s()
        read_at_s = screen.read_at_s
        if read_at_s is not None and read_at_s <= min(now_s, due_s):
            made = screen.read()
            if made.characters and conditions.habits.accepts:
                line = typist.buffer.before.rpartition("\n")[2]
                taken = typist.expected[: made.characters]
                saved += characters_that_count(line + taken) - characters_that_count(line)
                taking_strokes += made.strokes
                change = typist.accept(made.characters)
                screen.stroke(change)
                client.edited(change)
                further_s = (made.strokes - 1) * conditions.rhythm.key_ms / 1e3
                due_s = now_s + further_s + typist.delay_s() if not typist.finished else now_s
        elif now_s >= due_s:
            change = typist.press()
            assert change.cause is not Cause.ACCEPTED
            strokes += 1
            screen.stroke(change)
            client.edited(change)
            if not typist.finished:
                due_s = now_s + typist.delay_s()
            progress(len(typist.written) / max(1, len(passage.text)))
    screen.close()
    usage = await client.finish()
    return FileRecord(
        file=passage.name,
        language=passage.language,
        finished=typist.finished,
        characters=characters_that_count(typist.written),
        saved=saved,
        strokes=strokes,
        taking_strokes=taking_strokes,
        seconds=clock.now_s() - began_s,
        verdicts=dict(sorted(screen.verdicts.items())),
        usage=usage,
        moments=tuple(screen.moments),
    )

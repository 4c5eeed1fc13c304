"""Whole files under virtual time, with clients whose proposals and times are known."""

from __future__ import annotations

from collections.abc import Callable

from evaluation.replay.buffer import Buffer
from evaluation.replay.pairs import characters_that_count
from evaluation.replay.person import Habits, Verdict
from evaluation.replay.play import Passage, play
from evaluation.replay.records import Conditions, FileRecord
from evaluation.replay.rhythm import Rhythm
from tests.evaluation.replay.scripted_client import ScriptedClient, oracle
from tests.evaluation.replay.virtual_time import run

TEXT = "".join(f"local value_{number} = compute({number}, value)\n" for number in range(12))
STEADY = Rhythm(spread=0, line_ms=0, thinking=0, typos=0, jumps=0, key_ms=200)
CALM = Habits(reaction_ms=300, reaction_spread_ms=0)
QUICK = Habits(reaction_ms=100, reaction_spread_ms=0)


def replayed(
    answer: Callable[[Buffer], str],
    *,
    delay_ms: float = 0,
    text: str = TEXT,
    rhythm: Rhythm = STEADY,
    habits: Habits = CALM,
    minutes: float = 0,
) -> FileRecord:
    conditions = Conditions(client="scripted", rhythm=rhythm, habits=habits, minutes=minutes)
    return run(play(Passage("file", "lua", text), ScriptedClient(answer, delay_ms), conditions))


def test_without_proposals_every_character_is_typed() -> None:
    record = replayed(lambda _: "")
    assert record.finished
    assert (record.saved, record.taking_strokes) == (0, 0)
    assert record.characters == characters_that_count(TEXT)
    assert record.verdicts == {}
    assert all(moment.any_ms is None for moment in record.moments)
    assert abs(record.seconds - 0.2 * record.strokes) < 0.01


def test_who_knows_the_file_saves_nearly_all_of_it() -> None:
    record = replayed(oracle(TEXT))
    assert record.saved / record.characters > 0.95
    assert set(record.verdicts) == {Verdict.WHOLE}
    assert record.strokes < 10


def test_a_proposal_that_is_typed_along_is_the_same_one() -> None:
    # The reaction takes longer than a key, so that the text shrinks before it is taken.
    record = replayed(oracle(TEXT), habits=Habits(reaction_ms=700, reaction_spread_ms=0))
    assert record.verdicts[Verdict.WHOLE] >= 1
    assert Verdict.FLASHED not in record.verdicts


def test_a_proposal_that_goes_at_each_key_is_never_read() -> None:
    record = replayed(oracle(TEXT), delay_ms=150)  # back after 150 ms, gone at 200
    assert record.saved == 0
    assert set(record.verdicts) == {Verdict.FLASHED}
    times = [moment.right_ms for moment in record.moments if moment.right_ms is not None]
    assert times
    assert all(abs(ms - 150) < 1 for ms in times)


def test_an_answer_after_the_next_key_is_never_right() -> None:
    record = replayed(oracle(TEXT), delay_ms=250)
    assert all(moment.right_ms is None for moment in record.moments)


def test_a_wrong_proposal_is_counted_at_each_place_where_it_is_read() -> None:
    record = replayed(lambda _: "nonsense that nobody wants", habits=QUICK)
    assert record.saved == 0
    assert record.verdicts == {Verdict.WRONG: record.strokes - 1, Verdict.FLASHED: 1}  # the last stroke ends the file
    assert all(moment.right_ms is None and moment.any_ms == 0 for moment in record.moments)


def test_taking_a_part_saves_the_part() -> None:
    known = oracle(TEXT, 12)

    def half_right(buffer: Buffer) -> str:
        return known(buffer) and known(buffer) + "<<<"

    record = replayed(half_right, habits=QUICK)
    assert set(record.verdicts) <= {Verdict.PART, Verdict.UNUSED, Verdict.WRONG}
    assert record.verdicts[Verdict.PART] > 5
    assert 0.3 < record.saved / record.characters < 1


def test_who_only_watches_types_everything_and_sees_the_same_strokes() -> None:
    watching = replayed(oracle(TEXT), habits=Habits(accepts=False))
    alone = replayed(lambda _: "", habits=Habits(accepts=False))
    assert watching.saved == 0
    assert watching.verdicts[Verdict.WHOLE] >= 1
    assert [moment.place for moment in watching.moments] == [moment.place for moment in alone.moments]
    assert watching.strokes == alone.strokes


def test_typos_and_jumps_end_in_the_text_too_and_are_never_right_meanwhile() -> None:
    eventful = Rhythm(typos=0.1, jumps=0.2)
    record = replayed(oracle(TEXT), rhythm=eventful)
    assert record.finished
    assert record.characters == characters_that_count(TEXT)


def test_the_time_can_be_over_before_the_end() -> None:
    record = replayed(lambda _: "", minutes=0.1)
    assert not record.finished
    assert 25 <= record.strokes <= 31  # 6 s at 200 ms
    assert record.characters < characters_that_count(TEXT)


def test_the_editors_indentation_saves_nothing() -> None:
    text = "do\n        one()\n        two()\nend\n"
    record = replayed(oracle(text), text=text)
    assert record.saved <= record.characters == len("do\none()\ntwo()\nend\n")

"""Figures of replays whose numbers are known, and what is kept of a run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from core.errors import ConfigError, RunError
from evaluation.replay.figures import FIGURES, comparable, differences, lines
from evaluation.replay.person import Verdict
from evaluation.replay.play import Passage
from evaluation.replay.records import RECORDS, Conditions, FileRecord, Moment, Record, Usage, read_record, read_report
from evaluation.replay.run import replay
from evaluation.replay.table import columns, compared, report, rows
from tests.evaluation.replay.scripted_client import ScriptedClient, oracle

FAST = Conditions(client="scripted", speed=100)


def record(file: str, *, saved: int = 0, right_ms: tuple[float | None, ...] = (), language: str = "lua") -> FileRecord:
    return FileRecord(
        file=file,
        language=language,
        finished=True,
        characters=100,
        saved=saved,
        strokes=100 - saved,
        taking_strokes=2,
        seconds=10,
        verdicts={Verdict.WHOLE: 2, Verdict.WRONG: 1, Verdict.FLASHED: 5},
        usage=Usage(sent=10, cancelled=5, prompt_tokens=500, computed_tokens=100, generated_tokens=50, unknown=5),
        moments=tuple(Moment(place=str(n), any_ms=ms, right_ms=ms) for n, ms in enumerate(right_ms)),
    )


def figure(files: list[FileRecord], name: str) -> float:
    return next(line.value.estimate for line in lines(files) if line.name == name)


def test_figures_by_hand() -> None:
    files = [record("a", saved=20, right_ms=(100, None, 300, None)), record("b", saved=40, right_ms=(200,))]
    assert figure(files, "characters saved") == 0.3
    assert figure(files, "taken whole, of those read") == pytest.approx(2 / 3)
    assert figure(files, "wrong, of those read") == pytest.approx(1 / 3)
    assert figure(files, "gone before it was read, of those shown") == pytest.approx(5 / 8)
    assert figure(files, "key to right text, p50") == 200
    assert figure(files, "never right before the next key") == pytest.approx(2 / 5)
    assert figure(files, "requests cancelled") == 0.5
    assert figure(files, "of a prompt's tokens, computed anew") == 0.2
    # half of the requests told nothing: they count as much as the others
    assert figure(files, "prompt tokens computed per character") == pytest.approx(2 * 100 / 100)


def test_intervals_hold_the_value_and_one_file_has_none() -> None:
    files = [record(str(n), saved=n * 5, right_ms=(100.0 + n,)) for n in range(12)]
    for line in lines(files):
        assert line.value.low <= line.value.estimate <= line.value.high
    assert next(line for line in lines(files) if line.name == "characters saved").value.low < 0.2
    assert all(math.isnan(line.value.low) for line in lines(files[:1]))


def test_no_times_are_no_percentile() -> None:
    assert math.isnan(figure([record("a", right_ms=(None, None))], "key to right text, p50"))
    assert figure([record("a", right_ms=(None, None))], "never right before the next key") == 1


def test_a_difference_is_paired_over_files() -> None:
    # Files differ much, the two conditions by the same in each: only pairing sees it.
    first = [record(str(n), saved=n * 8) for n in range(10)]
    second = [record(str(n), saved=n * 8 + 3) for n in range(10)]
    saved = next(d for d in differences(first, second) if d.name == "characters saved")
    assert saved.difference.estimate == pytest.approx(0.03)
    assert saved.difference.low == pytest.approx(0.03)
    assert saved.difference.high == pytest.approx(0.03)
    assert saved.is_real


def test_times_are_paired_over_the_strokes_where_both_are_right() -> None:
    first = [record("a", right_ms=(100, 500, None)), record("b", right_ms=(100, None))]
    second = [record("a", right_ms=(50, None, 10)), record("b", right_ms=(60, 10))]
    found = next(d for d in differences(first, second) if "both are right, p50" in d.name)
    assert (found.first, found.second) == (100, 55)


def test_replays_of_other_files_are_not_compared() -> None:
    with pytest.raises(ConfigError, match="no file in common"):
        differences([record("a")], [record("b")])
    assert "seed" in comparable(FAST, FAST.model_copy(update={"seed": 2}))
    assert comparable(FAST, FAST.model_copy(update={"client": "other"})) == ""


def test_tables_name_languages_where_there_are_several() -> None:
    files = [record("a"), record("b", language="python")]
    assert columns(files) == ["", "all (2 files)", "lua (1)", "python (1)"]
    assert len(rows(files)) == len(FIGURES)
    assert all(len(row) == 4 for row in rows(files))
    assert set(compared(files, files)) == {"all", "lua", "python"}


def test_a_report_is_read_back(tmp_path: Path) -> None:
    files = [record("a", right_ms=(1.5, None))]
    path = tmp_path / "replay.json"
    path.write_text(json.dumps(report(FAST, files)))
    assert read_report(path) == (FAST, files)
    path.write_text("{}")
    with pytest.raises(RunError, match="no report"):
        read_report(path)


def test_a_folder_of_other_conditions_is_refused(tmp_path: Path) -> None:
    Record(tmp_path, FAST).add(record("a"))
    assert Record(tmp_path, FAST).files == [record("a")]
    with pytest.raises(RunError, match=r"seed: 1 there, 2 here; name another folder"):
        Record(tmp_path, FAST.model_copy(update={"seed": 2}))


def test_a_damaged_record_is_named_by_line(tmp_path: Path) -> None:
    Record(tmp_path, FAST).add(record("a"))
    with (tmp_path / RECORDS).open("a") as file:
        file.write('{"file": 1}\n')
    with pytest.raises(RunError, match=r"replay\.jsonl:3: "):
        read_record(tmp_path / RECORDS)


TEXT = "local value = compute(value)\n" * 2


def passages(*names: str) -> list[Passage]:
    return [Passage(name, "lua", TEXT) for name in names]


def test_an_interrupted_replay_goes_on_where_it_was(tmp_path: Path) -> None:
    class Stopping(ScriptedClient):
        opened = 0

        async def open(self, sheet: object) -> None:
            Stopping.opened += 1
            if Stopping.opened == 2:
                raise KeyboardInterrupt
            await super().open(sheet)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        replay(passages("a", "b"), lambda: Stopping(oracle(TEXT)), FAST, tmp_path)
    assert [file.file for file in read_record(tmp_path / RECORDS)[1]] == ["a"]
    conditions, files = replay(passages("a", "b"), lambda: Stopping(oracle(TEXT)), FAST, tmp_path)
    assert [file.file for file in files] == ["a", "b"]
    assert Stopping.opened == 3
    assert conditions.model == "scripted"
    assert replay(passages("a", "b"), lambda: Stopping(oracle(TEXT)), FAST, tmp_path)[1] == files
    assert Stopping.opened == 3


def test_a_replay_without_a_folder_keeps_nothing() -> None:
    _, files = replay(passages("a"), lambda: ScriptedClient(oracle(TEXT)), FAST)
    assert [file.finished for file in files] == [True]

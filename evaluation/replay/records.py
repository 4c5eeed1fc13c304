"""What is kept of a replay: one JSON line for each file, behind one line that says under which conditions.

A run that was interrupted goes on with the files that have no line yet; a folder of other conditions is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import RunError
from core.files import write_atomically
from evaluation.replay.person import Habits, Verdict
from evaluation.replay.rhythm import Rhythm

RECORDS = "replay.jsonl"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Moment(_Model):
    """One stroke: how long after it a text was on display, and one that is right; none: not before the next stroke."""

    place: str = Field(description="how far the writing had come; the same place in every condition")
    any_ms: float | None = Field(default=None, description="to any text; 0 where one stayed on display")
    right_ms: float | None = Field(default=None, description="to a text that agrees with what comes next")


class Usage(_Model):
    """What the client asked of its server for one file."""

    sent: int = Field(default=0, ge=0, description="requests sent")
    cancelled: int = Field(default=0, ge=0, description="of these, given up before their answer")
    failed: int = Field(default=0, ge=0, description="of these, answered with an error")
    prompt_tokens: int = Field(default=0, ge=0, description="of the answered requests' prompts")
    computed_tokens: int = Field(default=0, ge=0, description="of these, computed anew")
    generated_tokens: int = Field(default=0, ge=0, description="of the answers")
    unknown: int = Field(default=0, ge=0, description="requests whose tokens nobody told: cancelled, mostly")
    assumed: int = Field(default=0, ge=0, description="answers without a word on the cache: all counted as computed")
    errors: int = Field(default=0, ge=0, description="answers of the language server that were errors")

    def plus(self, **more: int) -> Usage:
        """The same with so much more of some."""
        return self.model_copy(update={name: getattr(self, name) + count for name, count in more.items()})


class FileRecord(_Model):
    """How one file went."""

    file: str = Field(description="name of the file, or package and path of a held-out document")
    language: str = Field(description="name of a language file, or text")
    finished: bool = Field(description="false: the time was over before the end")
    characters: int = Field(ge=0, description="written, without the lines' indentation")
    saved: int = Field(ge=0, description="of these, taken from proposals")
    strokes: int = Field(ge=0, description="strokes that typed, erased or moved")
    taking_strokes: int = Field(ge=0, description="strokes that took a proposal, a word or a line")
    seconds: float = Field(ge=0, description="that the writing took")
    verdicts: Mapping[Verdict, int] = Field(description="what came of the proposals that were shown")
    usage: Usage = Field(description="what the client asked of its server")
    moments: tuple[Moment, ...] = Field(description="each stroke where something could have been right")

    @cached_property
    def any_times_ms(self) -> NDArray[np.float64]:
        """Of each stroke that a text followed."""
        return np.array([moment.any_ms for moment in self.moments if moment.any_ms is not None], dtype=float)

    @cached_property
    def right_times_ms(self) -> NDArray[np.float64]:
        """Of each stroke that a right text followed."""
        return np.array([moment.right_ms for moment in self.moments if moment.right_ms is not None], dtype=float)


class Conditions(_Model):
    """Under which a replay runs; two replays of the same text and seed have the same strokes."""

    client: str = Field(description="lsp, naive or llama-vim")
    profile: str = Field(default="", description="the editor, where the client has several")
    settings: Mapping[str, Any] = Field(default_factory=dict, description="of the language server or of the client")
    model: str = Field(default="", description="what the server says that it serves")
    seed: int = Field(default=1, description="chooses the person's strokes and what of a file is typed")
    characters: int = Field(default=0, ge=0, description="typed of each file at most; 0: all")
    inside: bool = Field(default=False, description="what is typed lies inside the file, the rest stands around it")
    minutes: float = Field(default=0, ge=0, description="for each file at most; 0: until it is written")
    speed: float = Field(default=1, gt=0, description="above 1 the pauses are shorter than life: no figures")
    rhythm: Rhythm = Field(default_factory=Rhythm, description="of the typist")
    habits: Habits = Field(default_factory=Habits, description="of the person")


class Record:
    """The file of one replay in a folder."""

    def __init__(self, folder: Path, conditions: Conditions) -> None:
        self._path = folder / RECORDS
        self.conditions = conditions
        self.files: list[FileRecord] = []
        if self._path.exists():
            there, self.files = read_record(self._path)
            if there != conditions:
                raise RunError(f"{folder}: holds a replay under other conditions ({_differing(there, conditions)})")
        else:
            self._write()

    def add(self, record: FileRecord) -> None:
        """Keep a file's record. Raises `RunError` where it cannot be written."""
        self.files.append(record)
        self._write()

    def _write(self) -> None:
        lines = [self.conditions.model_dump_json(), *(record.model_dump_json() for record in self.files)]
        try:
            write_atomically(self._path, "\n".join(lines) + "\n")
        except OSError as problem:
            reason = (problem.strerror or "error").lower()
            raise RunError(f"{self._path}: cannot be written ({reason})") from None


def read_record(path: Path) -> tuple[Conditions, list[FileRecord]]:
    """A replay from its file. Raises `RunError`."""
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise RunError(f"{path}: cannot be read ({(problem.strerror or 'error').lower()})") from None
    except ValueError:
        raise RunError(f"{path}: is no replay; `vernacular replay --out DIR` writes one") from None
    number = 1
    try:
        conditions = Conditions.model_validate_json(first)
        files = []
        for number, line in enumerate(lines, 2):  # noqa: B007 - named in the error
            files.append(FileRecord.model_validate_json(line))
    except ValidationError as problem:
        detail = problem.errors(include_url=False)[0]
        where = ".".join(map(str, detail["loc"])) or "the line"
        raise RunError(f"{path}:{number}: {where}: {detail['msg'].lower()}; is this a replay's file?") from None
    return conditions, files


def read_report(path: Path) -> tuple[Conditions, list[FileRecord]]:
    """A replay from the report that was made of it. Raises `RunError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        conditions = Conditions.model_validate(content["conditions"])
        return conditions, [FileRecord.model_validate_json(json.dumps(file)) for file in content["files"]]
    except OSError as problem:
        raise RunError(f"{path}: cannot be read ({(problem.strerror or 'error').lower()})") from None
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{path}: is no report of a replay; `vernacular replay --out DIR` writes one") from None


def _differing(there: Conditions, here: Conditions) -> str:
    ours, theirs = here.model_dump(mode="json"), there.model_dump(mode="json")
    names = [name for name in ours if ours[name] != theirs[name]]
    shown = ", ".join(f"{name}: {theirs[name]!r} there, {ours[name]!r} here" for name in names)
    return f"{shown}; name another folder"

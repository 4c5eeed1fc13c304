"""A stage: what it needs, a key of all that decides its result, and how it is run or skipped.

    finished    `stage.json` holds the key, and what the stage made is there: "unchanged"
    begun       `begun.json` holds the key: it goes on where it was, by its own means
    other key   its folder is begun anew

Guarantee: `stage.json` is written when everything else is whole; a kill at any point leaves the stage unfinished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.files import write_atomically
from training.pipeline.folder import BEGUN, DONE, RunFolder, read_json

VERSION = 1
"""Rises when the same inputs give another result."""


class State(StrEnum):
    """What would become of a stage."""

    UNCHANGED = "unchanged"
    NEW = "runs"
    GOES_ON = "goes on"
    ANEW = "begins anew"
    """It was begun with other inputs, and not finished."""
    AGAIN = "runs again"
    """It was finished with other inputs."""
    WAITS = "depends on a stage before it"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `inputs` may only be asked for once the stages in `after` are finished.

    `made` must be there where the stage is finished. `costly`: its result is not thrown away without being asked.
    `clears`: what its folder holds for other inputs is removed before it runs. `content`: what the stages behind it
    depend on, in place of its key. `lost`: in words what else it made and is not there any more; empty: nothing.
    """

    name: str
    group: str
    inputs: Callable[[], dict[str, Any]]
    run: Callable[[], None]
    after: tuple[str, ...] = ()
    made: tuple[Path, ...] = ()
    costly: bool = True
    clears: bool = True
    content: Callable[[], str] | None = None
    lost: Callable[[], str] = lambda: ""
    shows: Mapping[str, str] = field(default_factory=dict)

    def lacking(self) -> Path | None:
        """The first of `made` that is not there."""
        return next((path for path in self.made if not path.exists()), None)


def key_of(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of the inputs, as compact JSON."""
    text = json.dumps({"version": VERSION, **inputs}, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def with_parents(stage: Stage, kept: Mapping[str, str]) -> dict[str, Any]:
    """Its inputs, and of each stage before it what `kept` says: its content's hash or its key."""
    return {**stage.inputs(), **({"from": {name: kept[name] for name in stage.after}} if stage.after else {})}


def state_of(run: RunFolder, stage: Stage, inputs: Mapping[str, Any]) -> tuple[State, str]:
    """What would become of it, and which input is another one now, in words."""
    done, begun = read_json(run.stage(stage.name) / DONE), read_json(run.stage(stage.name) / BEGUN)
    key = key_of(inputs)
    if done.get("key") == key:
        if lost := stage.lost():
            return State.GOES_ON, lost
        lacking = stage.lacking()
        return (State.UNCHANGED, "") if lacking is None else (State.GOES_ON, f"{lacking} is not there any more")
    if done:
        return State.AGAIN, changed(done.get("inputs", {}), inputs)
    if not begun:
        return State.NEW, ""
    if begun.get("key") == key:
        return State.GOES_ON, ""
    return State.ANEW, changed(begun.get("inputs", {}), inputs)


def begin(run: RunFolder, stage: Stage, inputs: Mapping[str, Any], state: State) -> None:
    """Make its folder ready; where it was for other inputs, remove what it held."""
    folder = run.stage(stage.name)
    if stage.clears and state in (State.ANEW, State.AGAIN):
        run.clear(folder)
    (folder / DONE).unlink(missing_ok=True)
    _write(folder / BEGUN, {**read_json(folder / BEGUN), "key": key_of(inputs), "inputs": dict(inputs)})


def spent_before(run: RunFolder, stage: Stage) -> float:
    """Seconds of earlier attempts that ended by themselves; what was killed is not known."""
    return float(read_json(run.stage(stage.name) / BEGUN).get("seconds_s", 0.0))


def interrupted(run: RunFolder, stage: Stage, seconds_s: float) -> None:
    """Remember the seconds of an attempt that came to no end, where that can be written."""
    path = run.stage(stage.name) / BEGUN
    with suppress(OSError):
        _write(path, {**read_json(path), "seconds_s": seconds_s})


def finish(run: RunFolder, stage: Stage, inputs: Mapping[str, Any], costs: Mapping[str, Any]) -> None:
    """Everything is whole: the key is kept."""
    folder = run.stage(stage.name)
    _write(folder / DONE, {"key": key_of(inputs), "inputs": dict(inputs), **costs})
    (folder / BEGUN).unlink(missing_ok=True)


def changed(before: Any, now: Any) -> str:
    """The first input that differs, by its path; empty where none does."""
    first, second = _flat(before), _flat(json.loads(json.dumps(now, default=str)))
    for name in (*second, *first):
        if first.get(name) != second.get(name):
            return name
    return ""


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {path: value}
    flat: dict[str, Any] = {}
    for name, inner in value.items():
        flat |= _flat(inner, f"{path}.{name}" if path else str(name))
    return flat


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_atomically(path, json.dumps(content, indent=1, default=str) + "\n")

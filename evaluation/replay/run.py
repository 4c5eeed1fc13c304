"""A whole replay: every passage that has no record yet, one after the other, each kept as soon as it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from evaluation.replay.clients.base import Client
from evaluation.replay.play import Passage, play
from evaluation.replay.records import RECORDS, Conditions, FileRecord, Record, read_record

Progress = Callable[[Passage, float], None]


def replay(
    passages: Sequence[Passage],
    make_client: Callable[[], Client],
    conditions: Conditions,
    folder: Path | None = None,
    progress: Progress = lambda _passage, _share: None,
) -> tuple[Conditions, list[FileRecord]]:
    """Type the passages, and give the conditions (with the model's name) and every record.

    With a folder, records are kept there, and passages that it has a record of are left out. Raises what the client's
    `open` raises, and `RunError` for a folder of other conditions, or of another model.
    """
    return asyncio.run(_replay(passages, make_client, conditions, folder, progress))


async def _replay(
    passages: Sequence[Passage],
    make_client: Callable[[], Client],
    conditions: Conditions,
    folder: Path | None,
    progress: Progress,
) -> tuple[Conditions, list[FileRecord]]:
    there = _records(folder, conditions)
    done = {record.file for record in there}
    waiting = [passage for passage in passages if passage.name not in done]
    for passage in passages:
        if passage.name in done:
            progress(passage, 1.0)
    if not waiting:
        return read_record(folder / RECORDS) if folder else (conditions, [])
    record: Record | None = None
    files: list[FileRecord] = []
    client = make_client()
    try:
        for passage in waiting:
            played = await play(passage, client, conditions, lambda share, p=passage: progress(p, share))  # type: ignore[misc]
            if record is None:  # by now the client knows its model
                conditions = conditions.model_copy(update={"model": client.model})
                record = Record(folder, conditions) if folder else None
                files = record.files if record else files
            if record:
                record.add(played)
            else:
                files.append(played)
            progress(passage, 1.0)
    finally:
        await client.close()
    return conditions, files


def _records(folder: Path | None, conditions: Conditions) -> list[FileRecord]:
    """What the folder has already. Refuses other conditions before anything is typed."""
    if folder is None or not (folder / RECORDS).exists():
        return []
    there, files = read_record(folder / RECORDS)
    Record(folder, conditions.model_copy(update={"model": there.model}))
    return files

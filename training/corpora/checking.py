"""What a language's own checker refuses is dropped: each file alone, in the sandbox, on all cores.

A file that needs another to be checked is refused as well; so this is asked for by name (`check.languages`).
"""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from core.cores import usable_cores
from core.language_files import LanguageRegistry
from core.sandbox import Limits, open_sandbox
from evaluation.execution import Executor, missing_command
from training.corpora.settings import Check, CorpusError
from training.corpora.show import Show
from training.corpora.store import Store

_AT_ONCE = 200


def checkable(check: Check, registry: LanguageRegistry) -> None:
    """Raise `CorpusError` for a language that has no checker, or whose tool chain is not installed."""
    for name in check.languages:
        execution = registry.named(name).execution
        if execution is None or not (execution.check or execution.compiler):
            raise CorpusError(f"check.languages: {name} has no checker; its language file names one as execution.check")
        if missing := missing_command(execution):
            raise CorpusError(f"check.languages: {missing} is not installed; run: vernacular languages install {name}")


def drop_refused(store: Store, check: Check, registry: LanguageRegistry, workers: int, show: Show) -> None:
    """Give what is refused the reason `refused_by_checker`, with the checker's message. Raises `SandboxError`."""
    for name in check.languages:
        if store.step(f"checked {name}") is not None:
            continue
        execution = registry.named(name).execution
        assert execution is not None
        (total,) = store.db.execute("SELECT count(*) FROM files WHERE reason = '' AND language = ?", (name,)).fetchone()
        show.begin(f"checking {name}", total)
        limits = Limits(cpu_s=check.cpu_s)
        with (
            Executor(execution, open_sandbox(check.sandbox)) as executor,
            ThreadPoolExecutor(workers or usable_cores()) as pool,
        ):
            last = int(store.step(f"checking {name}") or 0)
            while batch := _next(store, name, last):
                found = [item for item in pool.map(partial(_refused, executor, limits, show), batch) if item]
                last = batch[-1][0]
                with store.transaction():
                    store.drop(found)
                    store.finish(f"checking {name}", str(last))
        store.finish(f"checked {name}")


def _refused(
    executor: Executor, limits: Limits, show: Show, document: tuple[int, bytes]
) -> tuple[str, str, int] | None:
    number, packed = document
    judged = executor.check(zlib.decompress(packed).decode(), limits)
    show.advance(1)
    return ("refused_by_checker", judged.detail, number) if judged else None


def _next(store: Store, language: str, after: int) -> list[tuple[int, bytes]]:
    query = "SELECT id, packed FROM files WHERE reason = '' AND language = ? AND id > ? ORDER BY id"
    return list(islice(store.db.execute(query, (language, after)), _AT_ONCE))

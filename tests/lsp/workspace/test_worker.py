"""The thread beside the event loop."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lsp.workspace.worker import QUIET_S, Worker


def test_after_a_key_stroke_nothing_begins_for_a_moment() -> None:
    worker = Worker(lambda: ([], None))
    began_s: list[float] = []

    def job() -> Iterator[None]:
        for _ in range(3):
            began_s.append(time.monotonic())
            yield

    worker.urgent(job())
    worker.hush()
    struck_s = time.monotonic()
    worker.start()
    try:
        assert worker.wait(10)
    finally:
        worker.close()
    assert len(began_s) == 3
    assert began_s[0] - struck_s >= QUIET_S - 0.005

"""How a training goes, on standard error: a bar on a terminal, lines in a log."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

Tell = Callable[[dict[str, Any]], None]
"""Told how it goes: `step` and `steps`, and by turns `loss` with `tokens_per_s`, `eval_bits_per_byte`, `say`;
of a training with rewards `shown` and `measured`, in words."""

_LOG_EVERY_S = 15.0


class Progress:
    """See the module. `tell` takes what `fit` tells."""

    def __init__(self, *, shown: bool = True, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, soft_wrap=True, quiet=not shown)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TextColumn("{task.fields[bits]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._row: TaskID | None = None
        self._logged_s = -math.inf
        self._said: dict[str, Any] = {"loss": "", "bits": "", "speed": ""}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def tell(self, news: dict[str, Any]) -> None:
        """Show it; in a log a line now and then, and every measurement."""
        if "say" in news:
            self._console.print(escape(str(news["say"])), highlight=False)
            return
        if "loss" in news:
            self._said["loss"] = f"loss {news['loss']:.3f}"
            self._said["speed"] = f"{news['tokens_per_s']:,} tokens/s"
        if "shown" in news:
            self._said["loss"] = news["shown"]
        if "eval_bits_per_byte" in news:
            self._said["bits"] = f"{news['eval_bits_per_byte']:.3f} bits/byte held out"
        if "measured" in news:
            self._said["bits"] = news["measured"]
        if self._console.is_terminal:
            if self._row is None:
                self._row = self._bar.add_task("step", total=news["steps"], completed=news["step"], **self._said)
            self._bar.update(self._row, completed=news["step"], **self._said)
        elif "eval_bits_per_byte" in news or "measured" in news or time.monotonic() - self._logged_s >= _LOG_EVERY_S:
            self._logged_s = time.monotonic()
            words = [f"step {news['step']} of {news['steps']}", *filter(None, self._said.values())]
            self._console.print(", ".join(words), highlight=False)

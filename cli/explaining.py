"""The prompt of a completion for people: a table of its parts, and the text of each under it.

What stands in the table in order is the prompt, whole and exact; how often the cache had it stands beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from core.wire import CompletionResult, PromptPart

_SHOWN_CHARACTERS = 32
DIM = "dim"


def explained_prompt(result: CompletionResult, reasons: Sequence[str] = ()) -> Group:
    """Table, text, and how the answer ended; `reasons` are lines on how the request came to be as it is."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [table_of(result.prompt), *(text_of(part) for part in result.prompt)]
    lines = [f"ended by {result.finish_reason.value}, {result.tokens.generated} tokens generated", *reasons]
    return Group(*parts, Text("\n" + "\n".join(lines), DIM))


def table_of(parts: Sequence[PromptPart]) -> RenderableType:
    """One row a part, and their sum."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_footer=True, footer_style=DIM, header_style=DIM)
    table.add_column("origin", footer="all", no_wrap=True)
    table.add_column("path", overflow="fold")
    table.add_column("tokens", footer=str(sum(part.tokens for part in parts)), justify="right", no_wrap=True)
    table.add_column("cached", footer=str(sum(part.cached for part in parts)), justify="right", no_wrap=True)
    table.add_column("first line", no_wrap=True)
    table.add_column("last line", no_wrap=True)
    for part in parts:
        first, last = ends_of(part.text)
        table.add_row(part.origin.value, Text(part.path), str(part.tokens), str(part.cached), Text(first), Text(last))
    return table


def ends_of(text: str) -> tuple[str, str]:
    """The first and the last line that is not blank, shortened; the last is empty where it is the first."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    first, last = (lines[0], lines[-1]) if lines else ("", "")
    return _short(first), _short(last) if len(lines) > 1 else ""


def text_of(part: PromptPart) -> RenderableType:
    """A heading, and the text as the model reads it."""
    from rich.text import Text

    where = f" of {part.path}" if part.path else ""
    heading = (
        f"\n\N{BOX DRAWINGS LIGHT HORIZONTAL} {part.origin.value}{where}, {part.tokens} tokens, {part.cached} cached\n"
    )
    return Text.assemble((heading, DIM), part.text)


def _short(line: str) -> str:
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"

"""A completion for people: where it would stand, where the time went, and the prompt that it came from.

The prompt is a table of its parts and the text of each under it. What stands in the table in order is the prompt, whole
and exact; how often the cache had it stands beside. `rich` is imported by those who print, not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.text import Text

    from completion.lexemes import Proposal
    from core.wire import CompletionResult, PromptPart
    from lsp.cursor import Cursor
    from lsp.documents import Document, Place

NEAREST_LINES = 3
GHOST, DIM = "italic cyan", "dim"
_SHOWN_CHARACTERS = 32
_PLAIN_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, and milliseconds on this side's clock.

    `local_ms` is the making of the request, `round_trip_ms` from sending it to the result. `reasons` say in a line each
    how the request came to be as it is, and what the work space's own lines would propose.
    """

    result: CompletionResult
    local_ms: float
    round_trip_ms: float
    reasons: tuple[str, ...] = ()


def reasons_of(cursor: Cursor, indexed: str, line: Proposal) -> tuple[str, ...]:
    """Why so many lines were asked for, what of the work space was there to choose from, and what its lines propose."""
    extent = "one line" if cursor.extent.single_line else "several lines"
    lines = f"{line.text!r}, confidence {line.confidence:.2f}" if line.text else "nothing"
    return f"{extent}: {cursor.extent.reason}", f"work space: {indexed}", f"its own lines would propose: {lines}"


def in_plain_text(*parts: RenderableType) -> str:
    """What these print, without colours and without white space at the lines' ends."""
    from rich.console import Console

    console = Console(width=_PLAIN_WIDTH, color_system=None, highlight=False, force_terminal=False, emoji=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part, soft_wrap=True)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def shown(document: Document, place: Place, ghost: str) -> Text:
    """The ghost text between the nearest lines of the document, with line numbers; `+` numbers its own lines."""
    from rich.text import Text

    first = max(place.line - NEAREST_LINES, 0)
    beyond = min(place.line + 1 + NEAREST_LINES, len(document.lines))
    here = document.line(place.line)
    head, *more = ghost.split("\n")
    rows: list[tuple[str, Text]] = [
        (str(number + 1), Text(document.line(number))) for number in range(first, place.line)
    ]
    rows.append((str(place.line + 1), Text(here[: place.column]).append(head, GHOST)))
    rows += [("+", Text(ghost_line, GHOST)) for ghost_line in more]
    rows[-1][1].append(here[place.column :])
    rows += [(str(number + 1), Text(document.line(number))) for number in range(place.line + 1, beyond)]
    width = max(len(number) for number, _ in rows)
    return Text("\n").join(
        Text.assemble((f"{number:>{width}} \N{BOX DRAWINGS LIGHT VERTICAL} ", DIM), line) for number, line in rows
    )


def explained(answer: Answer) -> Text:
    """Where the time went, and what the tokens were."""
    from rich.text import Text

    result, timings, tokens = answer.result, answer.result.timings, answer.result.tokens
    network_ms = max(answer.round_trip_ms - timings.total_ms, 0.0)
    stages = {
        "local": answer.local_ms,
        "network": network_ms,
        "queue": timings.queue_ms,
        "first token": timings.first_token_ms,
        "total": answer.local_ms + answer.round_trip_ms,
    }
    time_line = ", ".join(f"{name} {value:.1f} ms" for name, value in stages.items())
    token_line = (
        f"prompt {tokens.prompt} tokens: {tokens.cached} cached, {tokens.computed} computed; "
        f"{tokens.generated} generated, {tokens.healed_bytes} bytes healed"
    )
    proposal = "" if result.text else "nothing to propose; "
    model_line = f"{proposal}{result.model}, confidence {result.confidence:.2f}, ended by {result.finish_reason.value}"
    return Text(f"\n{time_line}\n{token_line}\n{model_line}", DIM)


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

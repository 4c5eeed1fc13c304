"""Where the cursor stands after an edit, as far as the edit itself shows it.

Editors tell of an edit at once, and ask for ghost text only after a pause (VS Code 50 ms, Neovim 200 ms): who knows the
cursor by then can have the answer ready. A wrong guess costs a request and nothing else.
"""

from __future__ import annotations

from lsp.documents import Place, split_lines

_PAIRS = ("()", "[]", "{}", '""', "''", "``")


def cursor_after(start: Place, text: str) -> Place:
    """The cursor's place after `text` was put in at `start`, in place of what stood there.

    Between a pair of brackets or quotes that the editor completed, and on the empty line that it made between two
    braces; else at the end.
    """
    if text in _PAIRS:
        text = text[0]
    lines = split_lines(text)
    if len(lines) > 2 and not text.strip():
        lines = (lines[0], lines[1].rstrip("\r\n"))
    above, last = lines[:-1], lines[-1]
    return Place(start.line + len(above), len(last) if above else start.column + len(last))

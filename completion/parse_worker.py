"""The process in which grammars run. Started as a script by `completion/parsing.py`; imports nothing of this project.

A grammar is native code that may never return, with the interpreter's lock held, or may crash: so it runs here, where
it can be killed. It also ends itself, by a watchdog thread that needs no lock, if the parent is gone by then.

Frames on standard input and output, each a 4-byte big-endian length and so many bytes, a header and a body in turn:

    in   {"module", "function", "limit_s"}                 the source, UTF-8
    out  {"types": [...]} or {"error": "..."}              7 arrays of native 32-bit integers, one after another

The arrays hold, for each named node, error and missing token in pre-order: type, start byte, end byte, start row,
end row, depth, flags. The first frame out, before any question, is an empty header and body: ready.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
from array import array
from typing import IO, Any

Header = dict[str, Any]

ERROR, MISSING = 1, 2
FIELDS = 7
_GRACE_S = 2.0


def main() -> None:
    """Answer until standard input ends."""
    sys.path += sys.argv[1:]
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a grammar prints must not mix with the frames
    quiet = open(os.devnull, "w")  # noqa: PTH123, SIM115  lives as long as the process
    parsers: dict[tuple[str, str], Any] = {}
    write_frames(stdout, b"", b"")
    while (head := read_frame(stdin)) is not None and (source := read_frame(stdin)) is not None:
        request = json.loads(head)
        faulthandler.dump_traceback_later(request["limit_s"] + _GRACE_S, exit=True, file=quiet)
        try:
            header, body = _answer(parsers, request["module"], request["function"], source)
        except Exception as problem:
            header, body = {"error": f"{type(problem).__name__}: {problem}"}, b""
        faulthandler.cancel_dump_traceback_later()
        write_frames(stdout, json.dumps(header).encode(), body)


def _answer(parsers: dict[tuple[str, str], Any], module: str, function: str, source: bytes) -> tuple[Header, bytes]:
    from tree_sitter import Language, Parser

    key = (module, function)
    if key not in parsers:
        parsers[key] = Parser(Language(getattr(importlib.import_module(module), function)()))
    return _flat(parsers[key].parse(source))


def _flat(tree: Any) -> tuple[Header, bytes]:
    """Every named, wrong or missing node of `tree`, by a cursor: recursion would end at Python's limit."""
    types: dict[str, int] = {}
    columns: list[array[int]] = [array("i") for _ in range(FIELDS)]
    cursor = tree.walk()
    while True:
        node = cursor.node
        if node.is_named or node.is_error or node.is_missing:
            flags = ERROR * node.is_error + MISSING * node.is_missing
            values = (
                types.setdefault(node.type, len(types)),
                node.start_byte,
                node.end_byte,
                node.start_point[0],
                node.end_point[0],
                cursor.depth,
                flags,
            )
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return {"types": list(types)}, b"".join(column.tobytes() for column in columns)


def read_frame(file: IO[bytes]) -> bytes | None:
    """One frame; `None` at the end of `file`."""
    head = file.read(4)
    length = int.from_bytes(head, "big")
    data = file.read(length)
    return data if len(head) == 4 and len(data) == length else None


def write_frames(file: IO[bytes], *frames: bytes) -> None:
    """Write frames, and flush."""
    for frame in frames:
        file.write(len(frame).to_bytes(4, "big") + frame)
    file.flush()


if __name__ == "__main__":
    main()

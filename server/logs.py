"""The log, on standard error: lines for people, or one JSON object a line for programs.

What a line says beside its message are fields, given to the logger as `extra`: a request's ids, times and tokens.
Lines for people have them as `key=value` behind the message; JSON has them as keys of the object, numbers as numbers.

Guarantees: what users typed is in no line, at no level. Loggers of this package never say it; of other packages'
records neither fields nor the texts of exceptions are written, since both may hold anything.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from types import TracebackType
from typing import Any, Literal, TextIO

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

OURS = "vernacular"

_RESERVED = frozenset(RESERVED_ATTRS)
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure_logging(level: str, style: Literal["text", "json"] = "text", stream: TextIO | None = None) -> None:
    """Log to `stream`, standard error by default. `level` is for this package; others' warnings are shown."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(level.upper())


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says beside its message; nothing for other packages' records."""
    if record.name.partition(".")[0] != OURS:
        return {}
    return {key: value for key, value in vars(record).items() if key not in _RESERVED}


class TextLines(logging.Formatter):
    """`2026-11-22 10:00:00,000 INFO vernacular.requests: ok session=s1 request=r1 total_ms=80.0`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line, with the fields that the message does not say already."""
        fields = (f" {key}={_word(value)}" for key, value in fields_of(record).items() if value != record.message)
        return super().formatMessage(record) + "".join(fields)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802
        """Type and places of an exception, without its text."""
        return _without_text(ei)


class JsonLines(JsonFormatter):
    """`{"time": "...", "level": "INFO", "logger": "vernacular.requests", "message": "ok", "request": "r1", ...}`."""

    def __init__(self) -> None:
        names = {"levelname": "level", "name": "logger"}
        super().__init__(["levelname", "name", "message"], rename_fields=names, timestamp="time")

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """The object's keys."""
        super().add_fields(log_data, record, message_dict)
        for key in vars(record).keys() - _RESERVED - fields_of(record).keys():
            log_data.pop(key, None)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802
        """Type and places of an exception, without its text."""
        return _without_text(ei)


def _word(value: object) -> str:
    """As it is, or in quotes where it would not be one word of the line."""
    text = str(value)
    return text if text.isprintable() and not set(text) & set(' "=') else json.dumps(text)


def _without_text(ei: _ExceptionInfo) -> str:
    kind, _, places = ei
    return "".join(traceback.format_tb(places)) + (kind.__name__ if kind else "")

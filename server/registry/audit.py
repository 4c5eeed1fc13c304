"""A line for every change of what is served: who, what, and what came of it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from core.errors import ConfigError

log = logging.getLogger("vernacular.audit")

Result = Literal["done", "refused"]


class Audit:
    """Lines go to the logger `vernacular.audit` and, as JSON, to the end of `file` where there is one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        if file is not None:
            try:
                file.open("a", encoding="utf-8").close()
            except OSError as error:
                reason = (error.strerror or "cannot be written").lower()
                raise ConfigError(f"{file}: {reason}; name a file that can be written for the audit") from None

    def line(self, who: str, what: str, result: Result, detail: str = "") -> None:
        """Write one. A full disk costs the line in the file, not the change; the log says so."""
        log.info("%s: %s: %s%s", who, what, result, f" ({detail})" if detail else "")
        if self._file is None:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"time": now, "who": who, "what": what, "result": result, "detail": detail}
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            log.warning("the audit file %s cannot be written: %s", self._file, error.strerror)

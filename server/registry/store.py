"""Where the models that are in force are written down: `models.yaml`, or the memory of a server without one.

Guarantees: the file is the truth, and comments in it stay. A change through the admin API is written before it is in
force, and only once everything is verified; a change by hand is taken up within seconds, or said to be wrong, with
what was in force before going on. One change at a time.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from core.errors import ConfigError, VernacularError
from core.files import write_atomically
from server.registry.models import Models
from server.registry.models_file import ModelsFile, parse_models_file, read_models_file

log = logging.getLogger("vernacular.registry")

Edit = Callable[[dict[str, Any]], None]
"""Changes the data of a models file in place; may raise `VernacularError`."""

WATCH_S = 2.0


class ModelsStore:
    """`path`: of the file, if there is one. `problem`: why its newest text is not in force; empty: it is."""

    def __init__(self, models: Models, path: Path | None = None) -> None:
        self.models = models
        self.problem = ""
        self._path = path
        self._text = path.read_text(encoding="utf-8") if path else ""
        self._changing = asyncio.Lock()

    async def change(self, edit: Edit, who: str) -> list[str]:
        """Make a change, in the file too; what changed, in words. Raises `VernacularError`: nothing changed."""
        async with self._changing:
            if self._path is None:
                data = self.models.file.model_dump(mode="json", exclude_defaults=True)
                edit(data)
                return await self.models.apply(_validated(data), who)
            text = _edited(self._read(), edit, self._path)
            file = parse_models_file(text, self._path)
            path = self._path

            def write() -> None:
                write_atomically(path, text.encode())
                self._text = text

            return await self.models.apply(file, who, write)

    async def reload(self, who: str) -> list[str]:
        """Put the file in force as it is now. Raises `VernacularError`."""
        async with self._changing:
            if self._path is None:
                raise ConfigError("this server has no models file; start it with --models FILE")
            self._text = self._read()
            try:
                changes = await self.models.apply(read_models_file(self._path), who)
            except VernacularError as error:
                self.problem = str(error)
                raise
            self.problem = ""
            return changes

    async def watch(self) -> None:
        """Take up changes by hand, until cancelled."""
        while self._path is not None:
            await asyncio.sleep(WATCH_S)
            try:
                if await asyncio.to_thread(self._read) == self._text or self._changing.locked():
                    continue
                await self.reload("models file")
            except VernacularError as error:
                if str(error) != self.problem:
                    log.warning("the models file's change is not in force: %s", error)
                self.problem = str(error)

    def _read(self) -> str:
        assert self._path is not None
        try:
            return self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(f"{self._path}: cannot be read ({reason})") from None


def _edited(text: str, edit: Edit, path: Path) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 120
    try:
        data = yaml.load(text)
    except YAMLError:
        data = None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: is no models file now; mend it first")
    edit(data)
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def _validated(data: dict[str, Any]) -> ModelsFile:
    try:
        return ModelsFile.model_validate(data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(f"{where + ': ' if where else ''}{problem['msg'].removeprefix('Value error, ')}") from None

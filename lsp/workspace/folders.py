"""The workspace's folders: what lies in them, under which paths it is shown, and what of it is anybody's business.

A path is shown relative to its folder, with forward slashes; where the workspace has several folders, the folder's name
comes first. A path that leads out of the workspace, through links or `..`, is in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from lsp.workspace.ignored import is_left_out, layers_above
from lsp.workspace.secrets import is_secret
from lsp.workspace.walking import walk

PATH_CHARACTERS = 1000


class Folders:
    """The folders of one workspace, without links, each with the patterns that hold above it."""

    def __init__(self, folders: Sequence[Path], patterns: Sequence[str] = ()) -> None:
        found = dict.fromkeys(path for folder in folders if (path := _resolved(folder)) and path.is_dir())
        self._folders = tuple(sorted(found, key=lambda path: -len(path.parts)))  # an inner one before its outer one
        self._patterns = tuple(patterns)
        self._names = _names(self._folders)

    def walk(self) -> Iterator[str | None]:
        """Every file that may be read; `None` for each other entry."""
        inner = frozenset(map(str, self._folders))
        for folder in reversed(self._folders):
            yield from walk(str(folder), layers_above(str(folder), self._patterns), inner)

    def within(self, path: Path) -> str:
        """How a path is shown; empty for what is outside, or a secret. Asks the disk where links lead."""
        resolved = _resolved(path)
        if resolved is None or is_secret(PurePath(path)):
            return ""
        return self.shown(str(resolved))

    def allows(self, path: Path) -> bool:
        """Whether a file may be read into the index: in the workspace, no link, no secret, not ignored."""
        resolved = _resolved(path)
        folder = self._folder(resolved) if resolved else None
        if resolved is None or folder is None or not self.within(path) or path.is_symlink():
            return False
        return not is_left_out(resolved, folder, layers_above(str(folder), self._patterns))

    def shown(self, path: str) -> str:
        """How a path without links is shown; empty for what is outside, or a secret."""
        pure = PurePath(path)
        folder = self._folder(pure)
        if folder is None:
            return ""
        relative = pure.relative_to(folder)
        if not relative.parts or is_secret(relative):
            return ""
        shown = relative.as_posix().encode(errors="replace").decode()
        return f"{self._names[folder]}{shown}" if len(shown) <= PATH_CHARACTERS else ""

    def path(self, shown: str) -> Path | None:
        """The file that is shown so."""
        for folder, name in self._names.items():
            if shown.startswith(name) and (path := folder / shown[len(name) :]).is_file():
                return path
        return None

    def _folder(self, path: PurePath) -> Path | None:
        return next((folder for folder in self._folders if path.is_relative_to(folder)), None)


def _resolved(path: Path) -> Path | None:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name with a NUL
        return None


def _names(folders: Sequence[Path]) -> dict[Path, str]:
    """What stands before the paths of each folder: nothing, or its name, with a number where two have the same."""
    if len(folders) == 1:
        return {folders[0]: ""}
    names: dict[Path, str] = {}
    for folder in folders:
        name, number = folder.name or "root", 2
        while f"{name}/" in names.values():
            name, number = f"{folder.name}-{number}", number + 1
        names[folder] = f"{name}/"
    return names

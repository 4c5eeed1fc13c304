"""Which files a workspace has: breadth first, in the order of names, one at a time, so that the caller can rest.

Symbolic links are not followed: what they point to inside the workspace is found in its own place, what lies outside is
nobody's business, and there are no loops. Folders that vanish or cannot be read are passed over.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import PurePath

from lsp.workspace.ignored import Layers, is_ignored, layers_inside
from lsp.workspace.secrets import SECRET_FOLDERS, is_secret


def walk(folder: str, above: Layers, inner: frozenset[str] = frozenset()) -> Iterator[str | None]:
    """The paths of plain files below `folder` that are not ignored and no secrets; `None` for each other entry.

    `inner` are workspace folders of their own, which are left out here.
    """
    folders = deque([(folder, above)])
    while folders:
        place, layers = folders.popleft()
        try:
            with os.scandir(place) as entries:
                found = sorted(_kinds(entries))
        except OSError:
            continue
        if any(name == ".gitignore" for name, *_ in found):
            layers = layers_inside(place, layers)
        for name, is_folder, is_file in found:
            path = os.path.join(place, name)  # noqa: PTH118  strings: a hundred thousand of them
            if is_folder:
                if name.lower() not in SECRET_FOLDERS and path not in inner and not is_ignored(path, True, layers):
                    folders.append((path, layers))
                yield None
            elif is_file and not is_secret(PurePath(name)) and not is_ignored(path, False, layers):
                yield path
            else:
                yield None


def _kinds(entries: Iterator[os.DirEntry[str]]) -> Iterator[tuple[str, bool, bool]]:
    for entry in entries:
        try:
            yield entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)
        except OSError:
            continue

"""How much of a workspace is indexed and kept, so that the language server stays small whatever it is opened on."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one workspace's index. What goes beyond is left out, and counted in the workspace's status."""

    files: int = 20_000
    """Files whose declarations are kept; those nearest to the workspace's top come first."""
    entries: int = 400_000
    """Files and folders that a walk looks at."""
    file_bytes: int = 512 * 1024
    """Larger files are not read."""
    declarations: int = 120_000
    """Declarations that are kept."""
    kept_bytes: int = 12 * MIB
    """UTF-8 bytes of declarations that are kept."""
    pool_files: int = 48
    """Closed files near the present document whose text is kept, to look for similar code."""
    pool_bytes: int = 2 * MIB
    """UTF-8 bytes of these, and as much again of open documents."""
    line_characters: int = 5_000
    """A file with a longer line is data, or was made by a machine."""

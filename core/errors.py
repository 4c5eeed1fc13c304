"""The one tree of errors.

Every error that a user can cause or can act upon derives from `VernacularError`; its text is one line
that says what is wrong, where, and what would be right. Programmers' mistakes stay `AssertionError`
or `TypeError` and keep their traceback.

::

    VernacularError                 exit status 1
    |-- ConfigError                 a file or an option that a person wrote is wrong       exit 2
    |   |-- LanguageFileError       a languages/NAME.yaml
    |   |-- RecipeError             a training recipe
    |   `-- BenchmarkError          a file of tasks
    |-- UnknownNameError            a name that is in none of the known ones               exit 2
    |-- CheckpointError             a model folder that cannot be loaded                   exit 3
    |   `-- TemplateError           a fill-in-the-middle template that does not fit it
    |-- RequestError                a request that can never succeed      HTTP 400, 413, 422
    |-- UnavailableError            try again later                       HTTP 503 with Retry-After
    |   |-- EngineError             the engine died, hung, or broke its protocol
    |   `-- DatabaseError           the database cannot be reached, read or written
    |-- ServerUnreachableError      the completion server cannot be reached                exit 4
    |-- MissingDependencyError      an optional package is not installed                   exit 5
    |-- SandboxError                the sandbox does not work; never the program's doing   exit 6
    |-- RunError                    a folder of results cannot be read or written          exit 7
    |-- NgramIndexError             an index of n-grams cannot be read or written          exit 8
    `-- TrainingError               a training cannot go on: memory, disk, numbers         exit 9
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VernacularError(Exception):
    """Base of every error with a one-line text for a person.

    `exit_status` is what the `vernacular` command exits with.
    """

    exit_status = 1


class ConfigError(VernacularError):
    """A file or an option that a person wrote is wrong."""

    exit_status = 2


class LanguageFileError(ConfigError):
    """A `languages/NAME.yaml` is wrong."""


class RecipeError(ConfigError):
    """A training recipe is wrong."""


class BenchmarkError(ConfigError):
    """A file of benchmark tasks is wrong; the text names the line and the field."""


class UnknownNameError(VernacularError):
    """A name is not among the known ones; the text lists them, the nearest first."""

    exit_status = 2

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        hint = did_you_mean(name, self.known)
        super().__init__(f"unknown {kind} {name!r}{hint}; known: {', '.join(self.known) or 'none'}")


class CheckpointError(VernacularError):
    """A model folder cannot be loaded: a file is missing, cut short or malformed."""

    exit_status = 3


class TemplateError(CheckpointError):
    """A fill-in-the-middle template names a token that the tokenizer does not hold as one token."""


class RequestError(VernacularError):
    """A request that can never succeed as it is. `status` is the HTTP status, `code` a stable word for programs."""

    def __init__(self, message: str, *, status: int = 422, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class UnavailableError(VernacularError):
    """The request may succeed later. `retry_after_s` is in seconds."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0, code: str = "unavailable") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.code = code


class EngineError(UnavailableError):
    """The engine died, hung, or broke its protocol."""


class DatabaseError(UnavailableError):
    """The database cannot be reached, read or written; the text holds no password."""


class ServerUnreachableError(VernacularError):
    """The completion server cannot be reached, or did not speak the protocol."""

    exit_status = 4


class MissingDependencyError(VernacularError):
    """An optional package is not installed; the text holds the exact command that installs it."""

    exit_status = 5

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        super().__init__(f"{package} is not installed; install it with: pip install 'vernacular[{extra}]'")


class SandboxError(VernacularError):
    """The sandbox itself does not work: not installed, not allowed, or broken in the middle."""

    exit_status = 6


class RunError(VernacularError):
    """A folder of results cannot be read or written: damaged, in use, of other settings, or the disk is full."""

    exit_status = 7


class NgramIndexError(VernacularError):
    """An index of n-grams cannot be read or written: missing, damaged, of another version, or the disk is full."""

    exit_status = 8


class TrainingError(VernacularError):
    """A training cannot go on: no memory left, a full disk, numbers that are not finite, nothing to learn."""

    exit_status = 9


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'NEAREST'?)`, or an empty string where nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""

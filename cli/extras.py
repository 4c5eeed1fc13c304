"""The packages that a command needs beside those that every installation has."""

from __future__ import annotations

from importlib.util import find_spec

from core.errors import MissingDependencyError
from lsp.main import PACKAGES as LSP

PACKAGES = {
    "lsp": LSP,
    "server": (
        "alembic",
        "fastapi",
        "jwt",
        "limits",
        "prometheus_client",
        "pythonjsonlogger",
        "sqlalchemy",
        "sse_starlette",
        "tokenizers",
        "truststore",
        "uvicorn",
    ),
    "evaluation": ("jinja2", "numpy", "rapidfuzz", "scipy"),
    "training": ("torch", "transformers", "datasketch", "detect_secrets", "pypdf"),
}
"""Import names by the extra of `pyproject.toml` that brings them."""


def require(extra: str) -> None:
    """Raise `MissingDependencyError` for a package of the extra that is not installed; imports none of them."""
    for package in PACKAGES[extra]:
        if find_spec(package) is None:
            raise MissingDependencyError(package, extra)

"""The operators' page: one HTML document that holds its own style and program, and asks this server for the rest.

Guarantees: it holds no data, so whoever gets it has nothing; what it shows comes from `/admin/v1/...`, whose answers
need the scope `admin`; its policy lets nothing run or load but its own, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

_ASSETS = files("server.admin") / "assets"


def _read(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_STYLE, _SCRIPT = _read("admin.css"), _read("plots.js") + _read("admin.js")

PAGE = _read("admin.html").replace("/*STYLE*/", _STYLE).replace("/*SCRIPT*/", _SCRIPT)
"""The document."""
POLICY = (
    f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Its Content-Security-Policy."""

"""What a server without authentication refuses: requests that a web page made a browser send.

Whoever visits a page lets it send requests to this machine. A page of another origin says so in `Origin`; one whose
name was bound anew to 127.0.0.1 (DNS rebinding) is of the same origin, but has that name in `Host`. Editors and
programs send no `Origin`, and the address that they were given as `Host`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from core.addresses import is_loopback_host
from core.errors import RequestError
from server.access.identity import ANONYMOUS, Identity


class OpenGuard:
    """Lets in whoever reaches the server, but no web page."""

    def __init__(self, base_url: str | None = None) -> None:
        self._base_url = base_url

    async def admitted(self, connection: HTTPConnection) -> Identity:
        """Who asks. Raises `RequestError`."""
        check_browser(connection, self._base_url)
        return ANONYMOUS

    async def close(self) -> None:
        """Nothing to close."""


def check_browser(connection: HTTPConnection, base_url: str | None) -> None:
    """Raises `RequestError`: 421 for a `Host` that is not this machine or `base_url`, 403 for another `Origin`."""
    host = connection.headers.get("host")
    if host is not None and not _is_ours(host, base_url):
        raise RequestError(
            "this server asks for no key, so it answers only to localhost; set listen.base_url for another name",
            status=421,
            code="wrong_host",
        )
    origin = connection.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        raise RequestError("web pages of other origins may not ask here", status=403, code="cross_origin")


def _is_ours(host: str, base_url: str | None) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets that do not close
        return False
    return is_loopback_host(name) or bool(base_url and name == urlsplit(base_url).hostname)

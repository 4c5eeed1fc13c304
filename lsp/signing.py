"""Signing in to the completion server from the editor: the device flow, whose waiting belongs to a thread."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

from lsprotocol import types

from core.errors import ConfigError
from lsp.credentials import KEY_VARIABLE
from lsp.session import Session
from lsp.tokens import TokenFile

if TYPE_CHECKING:
    from lsp.features import VernacularServer
    from lsp.sign_in import Invitation

_WAITING: set[threading.Event] = set()


async def sign_in(ls: VernacularServer, session: Session) -> str:
    """Show the person where to sign in, wait until that is done, and use what came of it; one line on it.

    A newer call ends an older one. Raises `ServerUnreachableError` and `ConfigError`.
    """
    url = session.settings.server_url
    for older in _WAITING:
        older.set()
    over = threading.Event()
    _WAITING.add(over)
    try:
        await asyncio.to_thread(_in_thread, url, over, ls, asyncio.get_running_loop())
    finally:
        over.set()
        _WAITING.discard(over)
    session.link.retry()
    return f"signed in to {url}{_but()}"


async def sign_out(session: Session) -> str:
    """Forget the token; one line on it. Raises `ConfigError` where its file cannot be written."""
    url, tokens = session.settings.server_url, TokenFile(os.environ)
    if await asyncio.to_thread(tokens.get, url) is None:
        return f"nobody was signed in to {url}{_but()}"
    await asyncio.to_thread(tokens.put, url, None)
    return f"signed out of {url}{_but()}"


def _in_thread(url: str, over: threading.Event, ls: VernacularServer, loop: asyncio.AbstractEventLoop) -> None:
    from lsp.sign_in import sign_in  # httpx takes a tenth of a second to import

    def sleep(seconds: float) -> None:
        if over.wait(seconds):
            raise ConfigError("signing in was given up; nothing has changed")

    sign_in(url, TokenFile(os.environ), lambda one: _on_loop(loop, ls, one), sleep)


def _on_loop(loop: asyncio.AbstractEventLoop, ls: VernacularServer, invitation: Invitation) -> None:
    loop.call_soon_threadsafe(_invite, ls, invitation)


def _invite(ls: VernacularServer, invitation: Invitation) -> None:
    window = ls.client_capabilities.window
    if window and window.show_document and window.show_document.support:
        ls.window_show_document(types.ShowDocumentParams(invitation.address, external=True))
    message = f"vernacular: enter {invitation.code} at {invitation.address}"
    ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))


def _but() -> str:
    return f"; the API key in {KEY_VARIABLE} goes first as long as it is set" if os.environ.get(KEY_VARIABLE) else ""

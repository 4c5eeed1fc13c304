"""How an editor and the language server are joined: standard input and output, or one TCP connection."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from pygls.io_ import run_async

if TYPE_CHECKING:
    from lsp.features import VernacularServer


def serve_stdio(server: VernacularServer) -> None:
    """Speak over standard input and output until the editor goes.

    The protocol gets a copy of the descriptor of standard output, whose own number then leads to standard error.
    """
    sys.stdout.flush()
    protocol_output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    server.start_io(sys.stdin.buffer, protocol_output)


def serve_tcp(server: VernacularServer, host: str, port: int) -> None:
    """Wait for one editor, speak with it until it goes. Port 0 takes a free one; the address goes to standard error.

    Anybody who reaches the port can read what the editor has open: use a loopback address.
    """
    try:
        with suppress(SystemExit):
            asyncio.run(_one_connection(server, host, port))
    except OSError as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}")


async def _one_connection(server: VernacularServer, host: str, port: int) -> None:
    gone = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.close()
        server.protocol.set_writer(writer)
        try:
            await run_async(threading.Event(), reader, server.protocol, error_handler=server.report_server_error)
        finally:
            gone.set()

    listener = await asyncio.start_server(converse, host, port)
    address = listener.sockets[0].getsockname()
    sys.stderr.write(f"vernacular-lsp: waiting for an editor on {address[0]}:{address[1]}\n")
    sys.stderr.flush()
    await gone.wait()

"""How an editor and the language server are joined: standard input and output, or one TCP connection.

Both end in pygls's message loop; pygls's own start functions read standard input by a thread, three hops for each
message, and say nowhere on which port they listen.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async

if TYPE_CHECKING:
    from pygls.io_ import AsyncReader

    from lsp.features import VernacularServer


def serve_stdio(server: VernacularServer) -> None:
    """Speak over standard input and output until the editor goes.

    The protocol gets a copy of the descriptor of standard output, whose own number then leads to standard error.
    Raises `SystemExit` with the status that the protocol asks for: 1 for an `exit` without a `shutdown`.
    """
    sys.stdout.flush()
    writer = StdoutWriter(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    server.protocol.set_writer(writer)
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_converse_over_stdin(server))


def serve_tcp(server: VernacularServer, host: str, port: int) -> None:
    """Wait for one editor, speak with it until it goes. Port 0 takes a free one; the address goes to standard error.

    Anybody who reaches the port can read what the editor has open: use a loopback address.
    """
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(_one_connection(server, host, port))
    except OSError as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}")


async def _converse_over_stdin(server: VernacularServer) -> None:
    kind = os.fstat(0).st_mode
    if sys.platform == "win32" or not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
        await _converse(server, StdinAsyncReader(sys.stdin.buffer))  # a terminal, a file: nothing to be watched
        return
    stream = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), sys.stdin.buffer)
    await _converse(server, stream)


async def _one_connection(server: VernacularServer, host: str, port: int) -> None:
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.close()
        server.protocol.set_writer(writer)
        try:
            await _converse(server, reader)
        finally:
            if not gone.done():
                gone.set_result(None)

    listener = await asyncio.start_server(converse, host, port)
    address = listener.sockets[0].getsockname()
    sys.stderr.write(f"vernacular-lsp: waiting for an editor on {address[0]}:{address[1]}\n")
    sys.stderr.flush()
    await gone


async def _converse(server: VernacularServer, reader: AsyncReader) -> None:
    try:
        await run_async(threading.Event(), reader, server.protocol, error_handler=server.report_server_error)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the editor went in the middle of a message
    except ValueError as error:
        sys.exit(f"error: what arrives is not the language server protocol: {str(error).lower()}")

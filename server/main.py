"""The server process, from its options to its end.

Guarantees: everything that is wrong with the options or the model folder is one `VernacularError` before the port
answers, where it can be found out in milliseconds, or soon after; the port answers within about a second, while
the model loads; on SIGINT and SIGTERM requests under way are answered with an error, and the worker is gone before
the process ends. Neither torch, vLLM nor transformers is ever imported here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from core.errors import ConfigError
from core.language_files import LanguageRegistry, load_languages
from server.api.app import create_app
from server.engines.base import Engine, EngineState
from server.engines.registry import engine_named
from server.service import ModelChoice, Service

DEFAULT_PORT = 8480


class ServerOptions(BaseModel):
    """How to serve. `engine_options` go to the engine as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=DEFAULT_PORT, description="port to listen on; 0: any free one", ge=0, le=65535)
    languages: tuple[Path, ...] = Field(default=(), description="folders of language files, the strongest first")
    engine: str = Field(default="vllm", description="name in `server.engines.registry.ENGINES`")
    engine_options: dict[str, JsonValue] = Field(default_factory=dict, description="see that engine's options")


Watch = Callable[[str, Callable[[], EngineState]], contextlib.AbstractContextManager[None]]
"""Shows progress: takes the server's URL and a function that gives the state."""


def run(options: ServerOptions, choice: ModelChoice, watch: Watch | None = None) -> None:
    """Serve until a signal. Raises `VernacularError` where that cannot be begun, or no longer."""
    languages = load_languages(options.languages)

    def engine(folder: Path, limit: int) -> Engine:
        facts: dict[str, JsonValue] = {"model": str(folder), "context_limit": limit}
        return engine_named(options.engine, {**options.engine_options, **facts})

    service = Service(choice, engine)
    service.check()
    with bound_socket(options.host, options.port) as listening:
        url = url_of(listening)
        with watch(url, lambda: service.state) if watch else contextlib.nullcontext():
            asyncio.run(serve(service, create_app_server(service, languages), listening))


class Server(uvicorn.Server):
    """Ends the service before itself, since uvicorn raises the signal that ended it again before `serve` returns."""

    working: asyncio.Future[None] | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the service, and with it the answers under way; then the connections."""
        if self.working is not None:
            self.working.cancel()
            await asyncio.wait((self.working,))
        await super().shutdown(sockets)


def create_app_server(service: Service, languages: LanguageRegistry) -> Server:
    """A server for the service, not started."""
    app = create_app(service, languages)
    return Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2))


async def serve(service: Service, server: Server, listening: socket.socket) -> None:
    """Run service and server side by side; the end of one is the end of the other.

    Raises what the service raises, such as `CheckpointError`.
    """

    def end(_: asyncio.Future[None]) -> None:
        server.should_exit = True

    server.working = asyncio.ensure_future(service.run())
    server.working.add_done_callback(end)
    await server.serve(sockets=[listening])
    with contextlib.suppress(asyncio.CancelledError):
        await server.working


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `ConfigError` where the port is taken or the address is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:  # the latter from a name that cannot be one
        reason = error.strerror if isinstance(error, OSError) else "no host name"
        raise ConfigError(f"--host {host!r} is no address of this machine ({reason})") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} on {host} is in use; choose another with --port") from None
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another --host or --port"
        ) from None
    return listening


def url_of(listening: socket.socket) -> str:
    """The address to ask, such as `http://127.0.0.1:8480`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configure_logging(level: str) -> None:
    """Log to standard error. What users typed is never logged, at no level."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("vernacular").setLevel(level.upper())

"""The server process, from its options to its end.

Guarantees: everything that is wrong with the options or the model folder is one `VernacularError` before the port
answers, where it can be found out in milliseconds, or soon after; the port answers within about a second, while
the model loads; on SIGINT and SIGTERM requests under way are answered, or ended with an error after a limit, and the
worker is gone before the process ends. Neither torch, vLLM nor transformers is ever imported here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from core.addresses import is_loopback_host
from core.errors import ConfigError, MissingDependencyError
from core.language_files import LanguageRegistry, load_languages
from server.access.middleware import Gate
from server.access.opening import open_gate
from server.api.app import create_app
from server.api.connection import connection_class
from server.api.entry import Traces
from server.config.checks import check_config
from server.config.options import engine_options, single_entry
from server.config.schema import ServerConfig, TracingSection
from server.engines.base import EngineState
from server.registry.audit import Audit
from server.registry.canary_watch import CanaryWatch
from server.registry.making import ServiceMaker, single_model
from server.registry.models import Models
from server.registry.models_file import read_models_file
from server.registry.store import ModelsStore
from server.registry.verification import Verification
from server.storage.opening import database_url
from server.telemetry.collector import Telemetry, TelemetryOptions, telemetry_in

log = logging.getLogger("vernacular.server")

_LAST_WORDS_S = 2
"""For saying the error to whoever still waits when the limit is over."""

Watch = Callable[[str, Callable[[], EngineState]], contextlib.AbstractContextManager[None]]
"""Shows progress: takes the server's URL and a function that gives the state."""


def run(config: ServerConfig, watch: Watch | None = None) -> None:
    """Serve until a signal. Raises `VernacularError` where that cannot be begun, or no longer."""
    check_config(config)
    listen = config.listen
    if listen.tls_certificate and listen.tls_key:
        from server.access.tls import check_certificate  # cryptography takes a tenth of a second to import

        check_certificate(listen.tls_certificate, listen.tls_key)
    languages = load_languages(config.languages.folders)
    store = models_store(config)
    options = TelemetryOptions.model_validate(config.telemetry.model_dump())
    with bound_socket(listen.host, listen.port, everyone=config.access.mode == "required") as listening:
        url = url_of(listening, tls=listen.tls_certificate is not None)
        log.info("listening", extra={"url": url})
        gate = open_gate(config)
        with (
            telemetry_in(database_url(config.database), options) as telemetry,
            traces_of(config.tracing) as traces,
            watch(url, lambda: store.models.default.state) if watch else contextlib.nullcontext(),
        ):
            server = create_app_server(store, languages, telemetry, config, gate, traces)
            asyncio.run(serve(store, server, listening))


@contextlib.contextmanager
def traces_of(section: TracingSection) -> Iterator[Traces | None]:
    """Where traces go, if anywhere; the last are sent at the end. Raises `MissingDependencyError`."""
    if section.otlp_endpoint is None:
        yield None
        return
    try:
        from server.tracing import open_tracing
    except ModuleNotFoundError:
        raise MissingDependencyError("opentelemetry-sdk", "tracing") from None
    tracing = open_tracing(section.otlp_endpoint)
    try:
        yield tracing
    finally:
        tracing.close()


def models_store(config: ServerConfig) -> ModelsStore:
    """The models, checked and not started. Raises `VernacularError`."""
    chosen = config.models
    file = read_models_file(chosen.file) if chosen.file else single_model(single_entry(config))
    gate = chosen.gate or ("warn" if is_loopback_host(config.listen.host) else "required")
    make = ServiceMaker(config.engine.name, engine_options(config.engine))
    models = Models(file, make, verification=Verification(gate=gate), audit=Audit(chosen.audit))
    return ModelsStore(models, chosen.file)


class Server(uvicorn.Server):
    """A server that ends in order, within the limit that `timeout_graceful_shutdown` of its config is.

    No new connections; answers under way may end by themselves until the limit; then the models end, and what is
    still under way ends with an error; then the connections. SIGTERM asks for that and is no reason to be killed by
    it: the process goes on behind `serve`. SIGINT is raised again there, as uvicorn does.
    """

    working: asyncio.Future[None] | None = None
    canaries: CanaryWatch | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, as the class says."""
        limit_s = self.config.timeout_graceful_shutdown or 0
        self.config.timeout_graceful_shutdown = limit_s + _LAST_WORDS_S
        draining = asyncio.ensure_future(super().shutdown(sockets))
        await asyncio.wait((draining,), timeout=limit_s)
        if self.working is not None:
            self.working.cancel()
            await asyncio.wait((self.working,))
        await draining

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Have signals end the server."""
        with super().capture_signals():
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, self._asked_to_end)
            yield

    def _asked_to_end(self, _: int, __: FrameType | None) -> None:
        self.should_exit = True


def create_app_server(
    store: ModelsStore,
    languages: LanguageRegistry,
    telemetry: Telemetry | None = None,
    config: ServerConfig | None = None,
    gate: Gate | None = None,
    traces: Traces | None = None,
) -> Server:
    """A server for the models, not started. Without a gate it lets everyone in who may reach it."""
    config = config or ServerConfig()
    listen = config.listen
    canaries = CanaryWatch(store, telemetry)
    app = create_app(store, languages, telemetry, canaries, config, gate, traces)
    server = Server(
        uvicorn.Config(
            app,
            http=connection_class(listen.header_timeout_s),
            ws="none",
            h11_max_incomplete_event_size=listen.max_header_bytes,
            timeout_keep_alive=listen.keep_alive_s,
            timeout_graceful_shutdown=listen.shutdown_s,
            proxy_headers=bool(listen.trusted_proxies),
            forwarded_allow_ips=list(listen.trusted_proxies),
            ssl_certfile=listen.tls_certificate,
            ssl_keyfile=listen.tls_key,
            server_header=False,
            log_config=None,
            access_log=False,
            lifespan="off",
        )
    )
    server.canaries = canaries
    return server


async def serve(store: ModelsStore, server: Server, listening: socket.socket) -> None:
    """Run models and server side by side; the end of one is the end of the other.

    Raises what the models raise, such as `CheckpointError`.
    """

    def end(_: asyncio.Future[None]) -> None:
        server.should_exit = True

    server.working = asyncio.ensure_future(store.models.run())
    server.working.add_done_callback(end)
    watching = [asyncio.ensure_future(store.watch())]
    if server.canaries is not None:
        watching.append(asyncio.ensure_future(server.canaries.run()))
    try:
        await server.serve(sockets=[listening])
        with contextlib.suppress(asyncio.CancelledError):
            await server.working
    finally:
        for each in watching:
            each.cancel()


def bound_socket(host: str, port: int, *, everyone: bool = False) -> socket.socket:
    """A listening socket, of this machine alone unless `everyone` may reach it.

    Raises `ConfigError` where the port is taken, the address is not ours, or others could reach it.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:  # the latter from a name that cannot be one
        reason = error.strerror if isinstance(error, OSError) else "no host name"
        raise ConfigError(f"--host {host!r} is no address of this machine ({reason})") from None
    if not everyone and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        listening.close()
        raise ConfigError(
            f"--host {host} can be reached from other machines, and nobody would have to say who they are; "
            "set access.mode to required, or listen on 127.0.0.1"
        )
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


def url_of(listening: socket.socket, *, tls: bool = False) -> str:
    """The address to ask, such as `http://127.0.0.1:8480`."""
    host, port = listening.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"

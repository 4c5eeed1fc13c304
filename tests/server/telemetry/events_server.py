"""A server of its own process whose model never starts: `python events_server.py DATABASE_URL` prints its address."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import uvicorn

from core.language_files import load_languages
from server.engines.base import Engine
from server.main import bound_socket, url_of
from server.registry.making import single_model
from server.registry.models import Models
from server.registry.models_file import ModelEntry
from server.registry.store import ModelsStore
from server.registry.verification import Verification
from server.service import ModelChoice, Service
from server.storage.database import Database
from server.telemetry.collector import Telemetry, TelemetryOptions


def main() -> None:
    """Serve until killed."""
    from server.api.app import create_app

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that may not grow is an error of writing, as a full disk is
    telemetry = Telemetry(Database(sys.argv[1]), TelemetryOptions())
    telemetry.start()

    def engine(_: Path, __: int) -> Engine:
        raise AssertionError

    def make(_: str, entry: ModelEntry) -> Service:
        return Service(ModelChoice(entry.checkpoint, entry.template), engine)

    models = Models(single_model(ModelEntry(checkpoint="none")), make, verification=Verification(gate="off"))
    app = create_app(ModelsStore(models), load_languages(), telemetry)
    with bound_socket("127.0.0.1", 0) as listening:
        print(url_of(listening), flush=True)  # noqa: T201
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        asyncio.run(server.serve(sockets=[listening]))


if __name__ == "__main__":
    main()

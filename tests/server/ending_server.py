"""A server of its own process with a scripted model: `python ending_server.py MODEL LIMIT_S TOKEN_S` prints its address
once it is ready, and `ended` when it has ended in order."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from core.language_files import load_languages
from server.engines.base import Engine
from server.engines.supervised import SupervisedWorker
from server.main import bound_socket, create_app_server, serve, url_of
from server.registry.making import single_model
from server.registry.models import Models
from server.registry.models_file import ModelEntry
from server.registry.store import ModelsStore
from server.registry.verification import Verification
from server.service import ModelChoice, Service


async def main(model: str, limit_s: int, token_s: float) -> None:
    """Serve until a signal."""

    def engine(folder: Path, _: int) -> Engine:
        return SupervisedWorker("scripted", {"model": str(folder), "token_s": token_s})

    def make(_: str, entry: ModelEntry) -> Service:
        return Service(ModelChoice(entry.checkpoint), engine)

    file = single_model(ModelEntry(checkpoint=model))
    store = ModelsStore(Models(file, make, verification=Verification(gate="off")))
    with bound_socket("127.0.0.1", 0) as listening:
        url = url_of(listening)
        server = create_app_server(store, load_languages())
        server.config.timeout_graceful_shutdown = limit_s
        serving = asyncio.ensure_future(serve(store, server, listening))
        while store.models.default.state.status != "ready":
            await asyncio.sleep(0.01)
        print(url, flush=True)  # noqa: T201
        await serving
    print("ended", flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))

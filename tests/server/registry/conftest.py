"""A whole server over several models, each a folder whose name says what its scripted engine answers."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.language_files import load_languages
from server.engines.supervised import SupervisedWorker
from server.main import bound_socket, create_app_server, serve, url_of
from server.registry.audit import Audit
from server.registry.models import Models, Times
from server.registry.models_file import ModelEntry, read_models_file
from server.registry.store import ModelsStore
from server.registry.verification import Verification
from server.service import ModelChoice, Service

END = "<|endoftext|>"


class RunningModels:
    """A server on a free port, its models file and its audit."""

    def __init__(self, store: ModelsStore, url: str, path: Path, audit: Path) -> None:
        self.store = store
        self.models = store.models
        self.path = path
        self.audit = audit
        self.client = httpx.AsyncClient(base_url=url, timeout=60)

    async def answer(self, language: str = "text", number: int = 0, **changes: object) -> httpx.Response:
        """The answer to a completion request of a session of its own."""
        body = {"request_id": "r", "session_id": f"s{number}", "language": language, "prefix": "x = ", **changes}
        return await self.client.post("/api/v1/complete", json=body)

    async def decisions(self) -> dict[str, str]:
        """What the admin API says of each canary."""
        state = (await self.client.get("/admin/v1/models")).json()
        return dict(state["decisions"])

    async def text(self, language: str = "text") -> str:
        response = await self.answer(language)
        assert response.status_code == 200, response.text
        return str(response.json()["text"])


@pytest.fixture
def checkpoint(tmp_path: Path, model_folder: Path) -> Callable[[str], Path]:
    """`checkpoint("yes")` is a model folder; its engine answers `yes`."""

    def make(answer: str) -> Path:
        folder = tmp_path / answer
        if not folder.exists():
            shutil.copytree(model_folder, folder)
        return folder

    return make


@pytest.fixture
def start_models(
    tmp_path: Path, ids_of: Callable[[str], list[int]]
) -> Callable[..., contextlib.AbstractAsyncContextManager[RunningModels]]:
    """`async with start_models(text, script={"yes": {"token_s": 0.1}}, adapters={folder: "words"}) as server`."""

    @contextlib.asynccontextmanager
    async def start(
        text: str,
        script: dict[str, dict[str, Any]] | None = None,
        adapters: dict[str, str] | None = None,
        wait_for: Iterable[str] | None = None,
        gate: Any = "off",
        keep_s: float = 0.0,
    ) -> AsyncIterator[RunningModels]:
        path, audit = tmp_path / "models.yaml", tmp_path / "audit.jsonl"
        path.write_text(text)

        def make(name: str, entry: ModelEntry) -> Service:
            folder = Path(entry.checkpoint or "")

            def engine(found: Path, _: int) -> SupervisedWorker:
                options: dict[str, Any] = {
                    "model": str(found),
                    "answer": ids_of(folder.name + END),
                    "adapters": {place: ids_of(answer + END) for place, answer in (adapters or {}).items()},
                    **(script or {}).get(folder.name, {}),
                }
                return SupervisedWorker("scripted", options)

            service = Service(ModelChoice(entry.checkpoint, healing=False, name=name), engine)
            service.check()
            return service

        models = Models(
            read_models_file(path),
            make,
            verification=Verification(gate=gate, answer_s=5),
            audit=Audit(audit),
            times=Times(keep_s=keep_s, drain_s=30),
        )
        store = ModelsStore(models, path)
        with bound_socket("127.0.0.1", 0) as listening:
            http = create_app_server(store, load_languages())
            running = asyncio.ensure_future(serve(store, http, listening))
            server = RunningModels(store, url_of(listening), path, audit)
            try:
                for name in models.file.models if wait_for is None else wait_for:
                    settled = asyncio.ensure_future(models.named(name).settled())  # type: ignore[attr-defined]
                    await asyncio.wait((settled, running), return_when=asyncio.FIRST_COMPLETED)
                while not (http.started or running.done()):
                    await asyncio.sleep(0.01)
                yield server
            finally:
                await server.client.aclose()
                http.should_exit = True
                await running

    return start

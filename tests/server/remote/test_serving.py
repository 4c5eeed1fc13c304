"""The whole server over fake replicas: from a models file to an answer over HTTP, and from the command line."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.language_files import load_languages
from server.main import bound_socket, create_app_server, serve, url_of
from server.registry.audit import Audit
from server.registry.making import ServiceMaker
from server.registry.models import Models
from server.registry.models_file import read_models_file
from server.registry.store import ModelsStore
from server.registry.verification import Verification


async def test_a_models_file_names_replicas_and_their_adapters(
    fleet: Any, tmp_path: Path, model_folder: Path, ids_of: Callable[[str], list[int]], wait_for: Any
) -> None:
    (model_folder / "model.safetensors").unlink()  # the weights are elsewhere
    async with fleet(2) as running:
        for replica in running.replicas:
            replica.answer = ids_of("rows)<|endoftext|>")
        urls = ", ".join(replica.url for replica in running.replicas)
        path = tmp_path / "models.yaml"
        path.write_text(
            f"models:\n  house:\n    checkpoint: {model_folder}\n    engine: remote\n"
            f"    engine_options: {{endpoints: [{urls}]}}\n    adapters: {{words: ./words}}\n"
            "languages: {python: house/words}\n"
        )
        maker = ServiceMaker("vllm", {"dtype": "float32"})  # the server's own options are not the replicas'
        models = Models(read_models_file(path), maker, verification=Verification(gate="off"), audit=Audit(None))
        with bound_socket("127.0.0.1", 0) as listening:
            store = ModelsStore(models, path)
            server = create_app_server(store, load_languages())
            serving = asyncio.ensure_future(serve(store, server, listening))
            try:
                async with httpx.AsyncClient(base_url=url_of(listening), timeout=20) as http:
                    await wait_for(lambda: models.default.state.status == "ready" or serving.done())
                    assert models.default.state.detail == "2 of 2 replicas ready"
                    body = {"request_id": "r", "session_id": "s1", "prefix": "total("}
                    for language, served in (("text", "tiny"), ("python", "words")):
                        answer = (await http.post("/api/v1/complete", json={**body, "language": language})).json()
                        assert answer["text"].endswith(")"), answer
                        asked = [job for replica in running.replicas for job in replica.jobs]
                        assert asked[-1]["model"] == served
                    assert sorted(bool(replica.jobs) for replica in running.replicas) == [False, True]

                    used, other = sorted(running.replicas, key=lambda replica: not replica.jobs)
                    drained = await http.post("/admin/v1/models/house/drain", json={"replica": used.url})
                    assert drained.json()["changes"] == [f"replica {used.url} of house gets no new jobs"]
                    assert (await http.post("/api/v1/complete", json={**body, "language": "text"})).status_code == 200
                    assert other.jobs, "the session goes to the replica that is left"
                    state = (await http.get("/admin/v1/models")).json()["models"][0]["replicas"]
                    assert {each["url"]: each["draining"] for each in state} == {used.url: True, other.url: False}
                    unknown = await http.post("/admin/v1/models/house/drain", json={"replica": "http://127.0.0.1:1"})
                    assert unknown.status_code == 404
            finally:
                server.should_exit = True
                await serving


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "remote"), "--engine remote and --endpoint URL belong together"),
        (("--endpoint", "http://gpu1:8000"), "--engine remote and --endpoint URL belong together"),
        (("--engine", "remote", "--endpoint", "gpu1"), "is no address of a server; write it like http://gpu1:8000"),
        (("--engine", "remote", "--endpoint", "http://gpu1", "--endpoint-api", "grpc"), "must be 'vllm' or 'openai'"),
    ],
)
def test_wrong_options_are_refused_before_the_port_answers(arguments: tuple[str, ...], message: str) -> None:
    command = [str(Path(sys.executable).with_name("vernacular")), "serve", "--port", "0", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1

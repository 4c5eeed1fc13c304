"""Tabby's protocol, spoken by its own client: npm's `tabby-agent`, over its language server and its JSON lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]
Ids = Callable[[str], list[int]]
SCRIPT = Path(__file__).parents[2] / "scripts" / "install-tabby-agent.sh"
URI = "file:///project/total.py"
TEXT = "def total(rows):\n    "


def said(ids_of: Ids) -> list[int]:
    """The answer of the engine; a token that heals the indentation comes in the place of the first."""
    return [*ids_of("x"), *ids_of("return sum(rows)"), *ids_of("<|endoftext|>")]


@pytest.fixture(scope="session")
def tabby_agent() -> str:
    """Path of the client, which `scripts/install-tabby-agent.sh` prints; skips where there is no node."""
    found = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
    if found.returncode == 0 and not found.stdout:
        pytest.skip(found.stderr.strip())
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@contextlib.asynccontextmanager
async def agent(cli: str, home: Path, url: str, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The client, with a configuration of its own that names this server and nobody else."""
    folder = home / ".tabby-client" / "agent"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f'[server]\nendpoint = "{url}"\ntoken = "a-token"\n[anonymousUsageTracking]\ndisable = true\n'
        '[completion.debounce]\nmode = "fixed"\ninterval = 0\n'
    )
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        "node",
        cli,
        *options,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**kept, "HOME": str(home)},
        limit=2**24,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


class LanguageServer:
    """The client's end of the language server protocol, as far as it is needed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._number = 0

    async def notify(self, method: str, params: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await self._stdin.drain()

    async def ask(self, method: str, params: object) -> Any:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        body = json.dumps(message).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await self._stdin.drain()
        async with asyncio.timeout(60):
            while True:
                answer = await self._next()
                if answer.get("id") == self._number and "method" not in answer:
                    return answer["result"]

    async def _next(self) -> dict[str, Any]:
        head = await self._stdout.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        answer: dict[str, Any] = json.loads(await self._stdout.readexactly(int(lengths[0].split(b":")[1])))
        return answer


@pytest.mark.parametrize("base", ["/tabby", ""], ids=["base path", "root"])
async def test_tabbys_client_completes_over_its_language_server(
    start_server: Start, ids_of: Ids, tabby_agent: str, tmp_path: Path, base: str
) -> None:
    async with start_server(answer=said(ids_of)) as server:
        url = str(server.client.base_url).rstrip("/") + base
        async with agent(tabby_agent, tmp_path, url, "--lsp", "--stdio") as process:
            editor = LanguageServer(process)
            begun = await editor.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
            assert begun["serverInfo"] == {"name": "tabby-agent", "version": "1.5.0"}
            await editor.notify("initialized", {})
            document = {"uri": URI, "languageId": "python", "version": 1, "text": TEXT}
            await editor.notify("textDocument/didOpen", {"textDocument": document})
            position = {"line": 1, "character": 4}
            answer = await editor.ask("textDocument/completion", {"textDocument": {"uri": URI}, "position": position})
        assert [item["textEdit"]["newText"] for item in answer["items"]] == ["return sum(rows)"]
        metrics = (await server.client.get("/metrics")).text
        assert 'vernacular_requests_total{language="python",model="tiny",outcome="ok"} 1.0' in metrics


async def test_tabbys_client_tells_what_became_of_a_proposal(
    start_server: Start, ids_of: Ids, tabby_agent: str, tmp_path: Path
) -> None:
    async with start_server(answer=said(ids_of)) as server:
        url = f"{str(server.client.base_url).rstrip('/')}/tabby"
        async with agent(tabby_agent, tmp_path, url) as process:
            assert process.stdin is not None
            assert process.stdout is not None

            async def call(number: int, function: str, *arguments: object) -> Any:
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(json.dumps([number, {"func": function, "args": arguments}]).encode() + b"\n")
                await process.stdin.drain()
                async with asyncio.timeout(60):
                    while True:
                        answer = json.loads(await process.stdout.readline())
                        if answer[0] == number:
                            return answer[1]

            assert await call(1, "initialize", {}) is True
            assert await call(2, "getStatus") == "ready"
            health = await call(3, "getServerHealthState")
            assert (health["model"], health["device"]) == ("tiny", "cpu")
            request = {"filepath": "total.py", "language": "python", "text": TEXT, "position": len(TEXT)}
            answer = await call(4, "provideCompletions", request)
            assert answer["choices"][0]["text"] == "return sum(rows)"
            told = {"completion_id": answer["id"], "choice_index": 0}
            for number, kind in enumerate(("view", "select"), start=5):
                assert await call(number, "postEvent", {**told, "type": kind}) is True
        metrics = (await server.client.get("/metrics")).text
        for kind in ("view", "select"):
            assert f'vernacular_client_events_total{{client="tabby",kind="{kind}"}} 1.0' in metrics
        setting = (await server.client.get("/tabby/v1beta/server_setting")).json()
        assert setting == {"disable_client_side_telemetry": True}


async def test_what_tabbys_client_knows_goes_into_the_prompt(start_server: Start, ids_of: Ids) -> None:
    async with start_server(answer=ids_of("<|endoftext|>")) as server:
        snippet = {"filepath": "mean.py", "body": "def mean(rows):\n    return 0\n", "score": 1.5}
        more: list[dict[str, Any]] = [
            {},
            {"declarations": [snippet]},
            {"declarations": [snippet], "relevant_snippets_from_changed_files": [snippet]},
            {"declarations": [snippet], "relevant_snippets_from_changed_files": [snippet], "clipboard": "total(x)"},
        ]
        counts = []
        for segments in more:
            body = {"language": "python", "segments": {"prefix": TEXT, "suffix": "\n", **segments}, "user": "u"}
            assert (await server.client.post("/v1/completions", json=body)).status_code == 200
            counts.append(await cached_and_computed(server))
        growth = [after - before for before, after in zip([0, *counts[:-1]], counts, strict=True)]
        assert growth == sorted(growth)
        assert len(set(growth)) == len(growth), "each kind made the prompt longer"


async def cached_and_computed(server: Any) -> float:
    """Prompt tokens of all requests so far."""
    text = (await server.client.get("/metrics")).text
    kinds = ('vernacular_tokens_total{kind="cached",', 'vernacular_tokens_total{kind="computed",')
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(kinds))


async def test_while_the_model_loads_tabbys_client_waits(start_server: Start) -> None:
    async with start_server(ready=False, load_s=30) as server:
        response = await server.client.get("/tabby/v1/health")
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) >= 1


async def test_what_is_not_done_for_tabby_is_said(start_server: Start) -> None:
    async with start_server() as server:
        body = {"segments": {"prefix": "x"}, "debug_options": {"raw_prompt": "<|fim_prefix|>"}}
        response = await server.client.post("/tabby/v1/completions", json=body)
        assert response.status_code == 422
        assert "raw_prompt: this server cannot do that" in response.json()["message"]
        document = (await server.client.get("/openapi.json")).json()
        shared = document["paths"]["/v1/completions"]["post"]
        assert "segments" in shared["description"]
        names = [
            each["$ref"].rpartition("/")[2]
            for each in shared["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
        ]
        assert names == ["TextsRequest", "TabbyRequest"]

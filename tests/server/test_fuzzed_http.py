"""Requests made up from the server's own OpenAPI document, right and wrong ones: none of them is a failure of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

Start = Callable[..., Any]
Ids = Callable[[str], list[int]]

EXAMPLES = 6
"""For each operation and each mode; the same ones every time."""

CHANGES_WHAT_IS_SERVED = "/admin/v1/"


def operations(url: str) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.method == "get" or not operation.path.startswith(CHANGES_WHAT_IS_SERVED):
            yield operation


def fuzz(url: str) -> tuple[list[str], set[str]]:
    """What failed, and the statuses and paths that came."""
    failures: list[str] = []
    came: set[str] = set()
    for operation in operations(url):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                strategy = operation.as_strategy(generation_mode=mode)
            except Exception:  # noqa: S112  nothing can be wrong with a request without parameters
                continue

            @given(case=strategy)
            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            def ask(case: schemathesis.Case[Any]) -> None:
                response = case.call(timeout=20)
                came.add(f"{response.status_code} {case.operation.path}")
                refused = response.status_code == 503 and "retry-after" in response.headers
                if response.status_code >= 500 and not refused:
                    failures.append(f"{response.status_code} {case.as_curl_command()}")

            try:
                ask()
            except Exception as error:
                if "Unsatisfiable" not in type(error).__name__:
                    raise
    return failures, came


async def test_no_request_makes_the_server_fail(start_server: Start, ids_of: Ids, model_folder: Path) -> None:
    (model_folder / "chat_template.jinja").write_text("{% for m in messages %}{{ m.content }}\n{% endfor %}")
    async with start_server(answer=[*ids_of("x"), *ids_of("<|endoftext|>")]) as server:
        failures, came = await asyncio.to_thread(fuzz, str(server.client.base_url).rstrip("/"))
        assert failures == []
        asked = {line.split()[1] for line in came}
        assert set(PATHS) <= asked
        for path in ("/infill", "/tabby/v1/completions", "/tabby/v1/events"):  # others want names that are known
            assert f"200 {path}" in came, "some of the right ones were answered"
        assert (await server.client.get("/health")).status_code == 200


DEEP = 200_000

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"prompt": "\xff\xfe"}',
    "half a surrogate pair": b'{"prompt": "\\ud800"}',
    "the other half": b'{"prompt": "\\udfff\\ud800"}',
    "deep lists": b'{"prompt": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"prompt": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1e400",
    "not a number": b'{"prompt": "x", "temperature": NaN, "t_max_predict_ms": NaN, "options": {"temperature": NaN}}',
    "infinite": b'{"prompt": "x", "temperature": Infinity, "t_max_predict_ms": Infinity}',
    "infinitely negative": b'{"prompt": "x", "temperature": -Infinity, "t_max_predict_ms": -Infinity}',
    "overflowing": b'{"prompt": "x", "temperature": 1e999, "t_max_predict_ms": 1e999, "seed": 1e999}',
    "huge integers": b'{"prompt": "x", "seed": %(n)b, "max_tokens": %(n)b, "n_predict": %(n)b, "n": %(n)b}'
    % {b"n": b"9" * 4000},
    "integers too long to read": b'{"prompt": "x", "seed": ' + b"9" * 100_000 + b"}",
    "big integers": b'{"prompt": "x", "model": "tiny", "raw": true, "seed": 99999999999999999999999, "max_tokens":'
    b' 99999999999999999999, "n_predict": 99999999999999999999, "messages": [{"role": "user", "content": "x"}]}',
    "negative integers": b'{"prompt": "x", "model": "tiny", "raw": true, "seed": -9223372036854775808, "max_tokens":'
    b' -9, "n_predict": -99999999999999999999, "messages": [{"role": "user", "content": "x"}]}',
    "booleans for numbers": b'{"prompt": "x", "max_tokens": true, "n": true, "n_predict": true}',
    "null bytes": b'{"prompt": "\\u0000", "suffix": "\\u0000", "model": "\\u0000", "user": "\\u0000"}',
    "a key twice": b'{"prompt": "x", "prompt": ["y"], "model": "tiny", "model": null}',
    "null for everything": b'{"prompt": null, "model": null, "messages": null, "n": null, "stop": null}',
    "nothing to go on from": b'{"prompt": "", "model": "tiny", "raw": true, "messages":'
    b' [{"role": "user", "content": ""}]}',
    "a path for a model": b'{"prompt": "x", "model": "../../../etc/passwd", "messages":'
    b' [{"role": "user", "content": "x"}]}',
    "a long name for a model": b'{"prompt": "x", "model": "' + b"m" * 100_000 + b'"}',
    "a path for a file": b'{"prompt": "x", "path": "/../../etc/passwd", "filename": "..\\\\..\\\\x.py"}',
    "a very long path": b'{"prompt": "x", "path": "' + b"../" * 50_000 + b'x.py", "suffix": ""}',
    "very many stop texts": b'{"prompt": "x", "model": "tiny", "stop": [' + b'"x",' * 50_000 + b'"x"]}',
    "empty stop texts": b'{"prompt": "x", "model": "tiny", "stop": ["", ""]}',
    "very many pieces": b'{"prompt": "x", "input_extra": [' + b'{"text": "a"},' * 20_000 + b'{"text": "b"}]}',
    "segments of nothing": b'{"segments": null}',
    "wrong segments": b'{"segments": 5}',
    "very many snippets": b'{"segments": {"prefix": "x", "declarations": ['
    + b'{"filepath": "a", "body": "b"},' * 20_000
    + b'{"filepath": "a", "body": "b"}]}}',
    "a strange address": b'{"segments": {"prefix": "x", "git_url": "::://@@//..//", "filepath": "file:///../.."}}',
    "a strange user": b'{"prompt": "x", "suffix": "y", "user": "../\\n\\u0000 \xc3\xa9"}',
    "very long fields": b'{"response_fields": ["' + b"a/" * 100_000 + b'"], "input_prefix": "x"}',
}
PATHS = (
    "/api/v1/complete",
    "/v1/completions",
    "/v1/chat/completions",
    "/v1/fim/completions",
    "/infill",
    "/tabby/v1/completions",
    "/tabby/v1/events",
    "/api/generate",
)


@pytest.mark.parametrize("path", PATHS)
async def test_hostile_bodies(start_server: Start, ids_of: Ids, path: str) -> None:
    async with start_server(answer=[*ids_of("x"), *ids_of("<|endoftext|>")]) as server:
        for name, body in BODIES.items():
            response = await server.client.post(path, content=body, headers={"Content-Type": "application/json"})
            assert response.status_code < 500, (name, response.text)
            assert "Traceback" not in response.text
            if response.status_code >= 400:
                said = response.json()
                message = said.get("message") or said["error"]
                assert "\n" not in (message if isinstance(message, str) else message["message"]), name
                assert len(response.content) < 2000, (name, "not what was sent, sent back")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-7"):
            response = await server.client.post(path, content=b'{"prompt": "x"}', headers={"Content-Type": kind})
            assert response.status_code < 500
        assert (await server.client.get("/health")).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/v1/models/..%2f..%2fetc%2fpasswd", "/v1/models/%00", "/v1/models/%ff", "/tabby/../admin", "/v1//", "/%2e%2e/"],
)
async def test_hostile_paths(start_server: Start, path: str) -> None:
    async with start_server() as server:
        reader, writer = await asyncio.open_connection(server.client.base_url.host, server.client.base_url.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        status = (await reader.read()).split(b" ", 2)[1]
        writer.close()
        assert status == b"404"

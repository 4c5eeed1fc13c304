"""The log's two styles, and that nobody's code is in it at any level."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.logs import OURS, JsonLines, TextLines, configure_logging

Start = Callable[..., Any]
MakeRequest = Callable[..., dict[str, Any]]
MARKER = "xq_marker_of_somebodys_code"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes; what was configured before is put back."""
    root, ours = logging.getLogger(), logging.getLogger(OURS)
    before = root.handlers[:], root.level, ours.level
    yield io.StringIO()
    root.handlers[:], root.level, level = before
    ours.setLevel(level)


def test_a_line_for_people_has_the_fields_behind_the_message(stream: io.StringIO) -> None:
    configure_logging("info", "text", stream)
    logging.getLogger("vernacular.requests").info("ok", extra={"outcome": "ok", "request": "r1", "total_ms": 80.5})
    assert stream.getvalue().endswith(" INFO vernacular.requests: ok request=r1 total_ms=80.5\n")


def test_no_field_forges_a_line(stream: io.StringIO) -> None:
    configure_logging("info", "text", stream)
    logging.getLogger("vernacular.requests").info("ok", extra={"session": 'a\n2026 INFO "x" ok', "request": ""})
    assert stream.getvalue().endswith(r' ok session="a\n2026 INFO \"x\" ok" request=' + "\n")
    assert stream.getvalue().count("\n") == 1


def test_a_line_for_programs_is_one_object_with_numbers_as_numbers(stream: io.StringIO) -> None:
    configure_logging("info", "json", stream)
    log = logging.getLogger("vernacular.requests")
    log.info("ok", extra={"outcome": "ok", "request": "r1", "total_ms": 80.5})
    log.info("two\nlines")
    log.debug("not asked for")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "INFO",
        "logger": "vernacular.requests",
        "message": "ok",
        "outcome": "ok",
        "request": "r1",
        "total_ms": 80.5,
    }
    assert second["message"] == "two\nlines"


@pytest.mark.parametrize("style", ["text", "json"])
def test_what_others_may_carry_is_left_out(stream: io.StringIO, style: Any) -> None:
    configure_logging("debug", style, stream)
    other = logging.getLogger("uvicorn.error")
    try:
        int(MARKER)
    except ValueError:
        other.exception("an exception", extra={"color_message": MARKER})
    text = stream.getvalue()
    assert "an exception" in text
    assert "ValueError" in text
    assert "test_logs.py" in text
    assert MARKER not in text


def bodies(request_with: MakeRequest) -> dict[str, dict[str, Any]]:
    """For every door, a request that is full of the marker."""
    code = f"def {MARKER}(rows):\n    return {MARKER}"
    piece = {"kind": "similar", "path": f"src/{MARKER}.py", "text": code}
    ours = request_with(prefix=code, suffix=code, context=[piece], path=f"{MARKER}.py", max_new_tokens=4)
    prompt = {"prompt": code, "suffix": code, "max_tokens": 4}
    segments = {"prefix": code, "suffix": code, "filepath": f"{MARKER}.py"}
    return {
        "/api/v1/complete": ours,
        "/v1/completions": {"model": "tiny", **prompt, "stop": [MARKER]},
        "/v1/chat/completions": {"model": "tiny", "messages": [{"role": "user", "content": code}]},
        "/v1/fim/completions": {"model": "tiny", **prompt},
        "/infill": {"input_prefix": code, "input_suffix": code, "input_extra": [{"filename": MARKER, "text": code}]},
        "/tabby/v1/completions": {"language": "python", "segments": segments},
        "/api/generate": {"model": "tiny", "prompt": code, "suffix": code, "stream": False},
    }


async def test_no_code_in_the_log_whichever_door_it_came_through(
    start_server: Start, request_with: MakeRequest, ids_of: Callable[[str], list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    statuses = []
    async with start_server(answer=ids_of(MARKER)) as server:
        for path, body in bodies(request_with).items():
            stream = {**body, "stream": True} if path != "/api/v1/complete" else body
            broken = {**body, MARKER: MARKER, "language": 3, "model": [MARKER], "n": MARKER, "temperature": MARKER}
            for sent in (body, stream, broken):
                headers = {"Accept": "text/event-stream"} if sent is stream else {}
                statuses.append((await server.client.post(path, json=sent, headers=headers)).status_code)
            data = f'{{"prompt": "{MARKER}'.encode()
            statuses.append((await server.client.post(path, content=data)).status_code)
            assert 200 in statuses[-4:] or path == "/v1/chat/completions", (path, statuses[-4:])
            assert min(statuses[-2:]) >= 400, (path, statuses[-4:])
    for trouble, status in ({"raise_after": 1}, 422), ({"die_after": 1}, 503):
        async with start_server(answer=ids_of(MARKER), **trouble) as server:
            answer = await server.client.post("/api/v1/complete", json=bodies(request_with)["/api/v1/complete"])
            assert answer.status_code == status
    styles = TextLines(), JsonLines()
    text = "\n".join(style.format(record) for record in caplog.records for style in styles)
    assert text.count("request=") >= 7
    assert MARKER not in text


async def test_who_is_refused_at_the_gate_is_counted_and_logged(
    start_server: Start, request_with: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "vernacular")
    async with start_server() as server:
        headers = {"Origin": "https://elsewhere.example"}
        answer = await server.client.post("/api/v1/complete", json=request_with(), headers=headers)
        figures = (await server.client.get("/metrics")).text
    assert answer.status_code == 403
    code = answer.json()["code"]
    assert f'vernacular_requests_total{{language="none",model="none",outcome="{code}"}} 1.0' in figures
    (line,) = (record for record in caplog.records if record.name == "vernacular.access")
    assert TextLines().format(line).endswith(f"refused status=403 code={code}")

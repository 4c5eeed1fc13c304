"""The code that a comment asks for, from the real language server through the whole server to a scripted engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.lsp.editor import Editor, editor

Start = Callable[..., Any]
Ids = Callable[[str], list[int]]

CHAT = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant: "
SOURCE = "# add two numbers\n\n"
ANSWER = "```python\n# add two numbers\ndef add(a, b):\n    return a + b\n```\nDone."
WORDS = "def add(a, b):\n    return a + b"


def talkative(model_folder: Path) -> None:
    (model_folder / "chat_template.jinja").write_text(CHAT)


def open_one(one: Editor, uri: str) -> int:
    one.initialize()
    one.open(uri, SOURCE)
    there = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}, "partialResultToken": "t"}
    return one.ask("vernacular/generate", there)


async def test_exactly_what_the_model_says(
    start_server: Start, ids_of: Ids, model_folder: Path, tmp_path: Path
) -> None:
    talkative(model_folder)
    answer = [*ids_of(ANSWER), *ids_of("<|endoftext|>")]
    async with start_server(answer=answer) as server:

        def ask() -> tuple[dict[str, Any], str]:
            with editor("--server", str(server.client.base_url)) as one:
                result = one.answer(open_one(one, (tmp_path / "a.py").as_uri()))["result"]
                return result, "".join(said["value"]["text"] for said in one.all_said("$/progress"))

        result, streamed = await asyncio.to_thread(ask)
    assert result == {
        "instruction": "add two numbers",
        "position": {"line": 1, "character": 0},
        "text": WORDS,
        "model": "tiny",
    }
    assert streamed == WORDS


async def test_cancelling_stops_the_engine(
    start_server: Start, ids_of: Ids, model_folder: Path, tmp_path: Path
) -> None:
    talkative(model_folder)
    async with start_server(answer=ids_of("```\nx = [\n" + "    1,\n" * 2 + "y\n"), token_s=0.02) as server:

        def ask() -> int:
            with editor("--server", str(server.client.base_url)) as one:
                number = open_one(one, (tmp_path / "a.py").as_uri())
                one.said("$/progress")
                one.notify("$/cancelRequest", {"id": number})
                return int(one.answer(number)["error"]["code"])

        assert await asyncio.to_thread(ask) == -32800
        async with asyncio.timeout(20):
            while (stats := await server.engine.stats()).running:
                await asyncio.sleep(0.01)
        assert (stats.aborted, stats.finished) == (1, 0)


async def test_what_comes_behind_the_code_is_not_waited_for(
    start_server: Start, ids_of: Ids, model_folder: Path, tmp_path: Path
) -> None:
    talkative(model_folder)
    answer = [*ids_of("```\nx = 1\n```\n"), *ids_of("and so on ") * 100]
    async with start_server(answer=answer, token_s=0.02) as server:

        def ask() -> str:
            with editor("--server", str(server.client.base_url)) as one:
                return str(one.answer(open_one(one, (tmp_path / "a.py").as_uri()))["result"]["text"])

        assert await asyncio.to_thread(ask) == "x = 1"
        async with asyncio.timeout(20):
            while (stats := await server.engine.stats()).running:
                await asyncio.sleep(0.01)
        assert stats.aborted == 1


async def test_a_model_that_takes_no_instructions(start_server: Start, tmp_path: Path) -> None:
    async with start_server() as server:

        def ask() -> dict[str, Any]:
            with editor("--server", str(server.client.base_url)) as one:
                return dict(one.answer(open_one(one, (tmp_path / "a.py").as_uri()))["error"])

        error = await asyncio.to_thread(ask)
    assert error["code"] == -32803
    assert error["message"] == (
        "tiny was not made to follow instructions: it has no chat template; serve a model that has one"
    )

"""Requests of llama.vim, llama.vscode and Continue, replayed; what they read of the answer is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

Start = Callable[..., Any]
Ids = Callable[[str], list[int]]
RECORDED = Path(__file__).with_name("recorded")


async def replay(server: Any, name: str, **changes: Any) -> httpx.Response:
    recorded = json.loads((RECORDED / f"{name}.json").read_text())
    response: httpx.Response = await server.client.post(recorded["path"], json={**recorded["body"], **changes})
    assert response.status_code == 200, response.text
    return response


def data_lines(response: httpx.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]


@pytest.fixture
def answer(ids_of: Ids) -> list[int]:
    return [*ids_of(" rows:"), *ids_of("<|endoftext|>")]


async def test_llama_vim(start_server: Start, answer: list[int]) -> None:
    async with start_server(answer=answer) as server:
        said = (await replay(server, "llama_vim")).json()
        assert said["content"].endswith("rows:")
        assert said["timings/predicted_n"] == len(answer)
        assert said["timings/prompt_n"] > 0
        assert said["truncated"] is False
        assert set(said) == set(json.loads((RECORDED / "llama_vim.json").read_text())["body"]["response_fields"])


async def test_llama_vims_warm_up_computes_the_prompt_and_answers_nothing(
    start_server: Start, answer: list[int]
) -> None:
    async with start_server(answer=answer) as server:
        assert (await replay(server, "llama_vim_warm_up")).json() == {}
        stats = await server.engine.stats()
        assert (stats.finished, stats.generated_tokens) == (1, 1)
        assert (await replay(server, "llama_vscode_warm_up")).json()["content"] == ""


async def test_llama_vscode(start_server: Start, answer: list[int]) -> None:
    async with start_server(answer=answer) as server:
        said = (await replay(server, "llama_vscode")).json()
        assert said["content"].endswith("rows:")
        assert said["timings"]["predicted_n"] == len(answer)
        assert said["timings"]["prompt_per_second"] >= 0
        assert {"generation_settings", "tokens_cached", "truncated", "stop", "stop_type"} <= set(said)
        assert (said["stop"], said["stop_type"]) == (True, "eos")
        openai = (await replay(server, "llama_vscode_openai")).json()
        assert openai["choices"][0]["text"] == " rows:"


async def test_llama_vscodes_edit(start_server: Start, answer: list[int], model_folder: Path) -> None:
    (model_folder / "chat_template.jinja").write_text("{% for m in messages %}{{ m.content }}\n{% endfor %}")
    async with start_server(answer=answer) as server:
        said = (await replay(server, "llama_vscode_chat")).json()
        assert said["choices"][0]["message"]["content"] == " rows:"


async def test_infill_streamed(start_server: Start, answer: list[int], ids_of: Ids) -> None:
    async with start_server(answer=answer) as server:
        chunks = [json.loads(each) for each in data_lines(await replay(server, "llama_vscode", stream=True))]
        assert "".join(chunk["content"] for chunk in chunks).endswith("rows:")
        assert [chunk["stop"] for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert "timings" in chunks[-1]


async def test_infill_stops_before_its_stop_texts_and_in_its_time(start_server: Start, ids_of: Ids) -> None:
    async with start_server(answer=[*ids_of("ab"), *ids_of("END"), *ids_of("cd")], token_s=0.005) as server:
        said = (await replay(server, "llama_vscode", prompt="", stop=["END"])).json()
        assert "END" not in said["content"]
        assert "cd" not in said["content"]
    async with start_server(answer=ids_of("x = 1\n"), token_s=0.02) as server:
        body = {"prompt": "", "input_suffix": "", "n_predict": 1000, "t_max_prompt_ms": 1, "t_max_predict_ms": 300}
        said = (await replay(server, "llama_vscode", **body)).json()
        assert said["stop_type"] in {"limit", "eos"}
        assert said["tokens_predicted"] < 1000


async def test_context_and_typed_part_are_in_the_prompt(start_server: Start, answer: list[int]) -> None:
    async with start_server(answer=answer) as server:
        with_extra = (await replay(server, "llama_vscode")).json()["tokens_evaluated"]
        without = (await replay(server, "llama_vscode", input_extra=[])).json()["tokens_evaluated"]
        shorter = (await replay(server, "llama_vscode", input_extra=[], prompt="")).json()["tokens_evaluated"]
        assert with_extra > without > shorter


async def test_continue_over_mistrals_protocol(start_server: Start, answer: list[int]) -> None:
    async with start_server(answer=answer) as server:
        *chunks, done = data_lines(await replay(server, "continue_fim"))
        assert done == "[DONE]"
        deltas = [json.loads(chunk)["choices"][0]["delta"] for chunk in chunks]
        assert "".join(delta.get("content", "") for delta in deltas).endswith("rows:")


async def test_continue_over_openais_protocol(start_server: Start, answer: list[int]) -> None:
    """It writes control tokens into the prompt itself: here they stay text, and `suffix` is the way to ask."""
    async with start_server(answer=answer) as server:
        *chunks, done = data_lines(await replay(server, "continue_openai"))
        assert done == "[DONE]"
        assert "".join(json.loads(chunk)["choices"][0]["text"] for chunk in chunks) == " rows:"


async def test_continue_over_ollamas_protocol(start_server: Start, answer: list[int]) -> None:
    async with start_server(answer=answer) as server:
        lines = [json.loads(line) for line in (await replay(server, "continue_ollama")).text.splitlines()]
        assert "".join(line["response"] for line in lines).endswith("rows:")
        assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
        assert lines[-1]["eval_count"] == len(answer)
        whole = (await replay(server, "continue_ollama", stream=False)).json()
        assert (whole["done"], whole["done_reason"]) == (True, "stop")
        assert (await server.client.get("/api/tags")).json()["models"][0]["name"] == "tiny:latest"
        assert "version" in (await server.client.get("/api/version")).json()
        unknown = await server.client.post("/api/generate", json={"model": "llama3", "prompt": "x"})
        assert unknown.status_code == 404
        assert "unknown model 'llama3'" in unknown.json()["error"]

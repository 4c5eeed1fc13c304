"""Which model answers, and changing that while requests come: over a real socket, engines in real processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import CheckpointError
from core.wire import Health
from server.access.identity import Identity

Start = Callable[..., Any]
Checkpoint = Callable[[str], Path]


def models_yaml(models: dict[str, Path], **more: object) -> str:
    return json.dumps({"models": {name: {"checkpoint": str(path)} for name, path in models.items()}, **more})


async def test_each_language_goes_to_its_model(start_models: Start, checkpoint: Checkpoint) -> None:
    text = models_yaml({"a": checkpoint("first"), "b": checkpoint("second")}, languages={"lua": "b"})
    async with start_models(text) as server:
        assert await server.text("lua") == "second"
        assert await server.text("python") == "first"
        assert (await server.answer("lua")).json()["model"] == "b"
        health = Health.model_validate_json((await server.client.get("/health")).content)
        assert health.model and health.model.name == "a"
        assert {language: card.name for language, card in health.languages.items()} == {"lua": "b"}


async def test_adapters_share_their_models_engine(start_models: Start, checkpoint: Checkpoint, tmp_path: Path) -> None:
    house = {"checkpoint": str(checkpoint("house")), "adapters": {"levy": "levy", "quux": "quux"}}
    text = json.dumps({"models": {"m": house}, "languages": {"lua": "m/levy", "python": "m/quux"}})
    adapters = {str(tmp_path / "levy"): "in levy", str(tmp_path / "quux"): "in quux"}
    async with start_models(text, adapters=adapters) as server:
        assert [await server.text(name) for name in ("lua", "python", "text")] == ["in levy", "in quux", "house"]
        assert (await server.answer("lua")).json()["model"] == "m/levy"
        engines = {id(server.models.named(name).engine) for name in server.models.names}
        assert len(engines) == 1


async def test_a_swap_loses_no_request(start_models: Start, checkpoint: Checkpoint) -> None:
    """Requests come all the time and last longer than the swap takes; each is answered, by the old or the new."""
    text = models_yaml({"m": checkpoint("old words")})
    slow = {"old words": {"token_s": 0.05}, "new words": {"token_s": 0.05}}
    async with start_models(text, script=slow) as server:
        stop = asyncio.Event()
        seen: list[str] = []

        async def typist(number: int) -> None:
            while not stop.is_set():
                response = await server.answer(number=number)
                assert response.status_code == 200, response.text
                seen.append(response.json()["text"])

        typists = [asyncio.ensure_future(typist(number)) for number in range(4)]
        for answer in ("new words", "old words", "new words"):
            swap = {"checkpoint": str(checkpoint(answer))}
            swapped = await server.client.post("/admin/v1/models/m/swap", json=swap)
            assert swapped.status_code == 200, swapped.text
            count = len(seen)
            while answer not in seen[count:]:
                await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*typists)
        assert set(seen) == {"old words", "new words"}
        assert await server.text() == "new words"
        assert str(checkpoint("new words")) in server.path.read_text()


async def test_a_candidate_that_fails_changes_nothing(start_models: Start, checkpoint: Checkpoint) -> None:
    text = models_yaml({"m": checkpoint("good")})
    script = {"broken": {"fail": "out of memory"}, "mute": {"stall_after": 0}, "dying": {"die_after": 0}}
    async with start_models(text, script=script) as server:
        for name, message in (
            ("broken", "cannot be served: out of memory"),
            ("mute", "smoke prompt 1 of model m had no answer after 5 s"),
            ("dying", "smoke prompt 1 of model m failed: the engine ended"),
        ):
            path = str(checkpoint(name))
            refused = await server.client.post("/admin/v1/models/m/swap", json={"checkpoint": path})
            assert refused.status_code == 422
            assert message in refused.json()["message"]
            assert await server.text() == "good"
            assert path not in server.path.read_text()
        missing = await server.client.post("/admin/v1/models/m/swap", json={"checkpoint": "/no/such"})
        assert "no such folder" in missing.json()["message"]
        lines = [json.loads(line) for line in server.audit.read_text().splitlines()]
        assert [line["result"] for line in lines] == ["refused"] * 4
        assert {line["who"] for line in lines} == {"anonymous"}
        assert "out of memory" in lines[0]["detail"]


async def test_an_answer_that_is_not_expected_changes_nothing(start_models: Start, checkpoint: Checkpoint) -> None:
    entry = {"checkpoint": str(checkpoint("good")), "smoke": [{"prefix": "x", "expect": "go*d"}]}
    async with start_models(json.dumps({"models": {"m": entry}})) as server:
        refused = await server.client.post("/admin/v1/models/m/swap", json={"checkpoint": str(checkpoint("bad"))})
        assert "answered 'bad', without a match of 'go*d'" in refused.json()["message"]
        assert await server.text() == "good"


async def test_rolling_back_is_immediate_while_the_old_model_is_kept(
    start_models: Start, checkpoint: Checkpoint
) -> None:
    async with start_models(models_yaml({"m": checkpoint("old")}), keep_s=600) as server:
        before = server.models.named("m").engine
        nothing = await server.client.post("/admin/v1/models/m/rollback")
        assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_before")
        await server.client.post("/admin/v1/models/m/swap", json={"checkpoint": str(checkpoint("new"))})
        assert await server.text() == "new"
        assert (await server.client.post("/admin/v1/models/m/rollback")).status_code == 200
        assert await server.text() == "old"
        assert server.models.named("m").engine is before
        again = await server.client.post("/admin/v1/models/m/rollback")
        assert again.json()["changes"], "going back twice is going forward"
        assert await server.text() == "new"


async def test_the_old_model_is_unloaded_once_it_is_idle(
    start_models: Start, checkpoint: Checkpoint, wait_for: Callable[..., Any]
) -> None:
    async with start_models(models_yaml({"m": checkpoint("old")})) as server:
        engine = server.models.named("m").engine
        await server.client.post("/admin/v1/models/m/swap", json={"checkpoint": str(checkpoint("new"))})
        assert engine.worker_pid is not None
        await wait_for(lambda: engine.worker_pid is None)
        assert await server.text() == "new"


async def test_languages_adapters_and_canaries_through_the_admin_api(
    start_models: Start, checkpoint: Checkpoint
) -> None:
    text = "# ours\n" + models_yaml({"a": checkpoint("first"), "b": checkpoint("second")})
    async with start_models(text) as server:
        admin = server.client
        assert (await admin.put("/admin/v1/languages/lua", json={"model": "b"})).json() == {
            "changes": ["language lua: default -> b"]
        }
        assert await server.text("lua") == "second"
        assert server.path.read_text().startswith("# ours\n")
        wrong = await admin.put("/admin/v1/languages/lua", json={"model": "c"})
        assert (wrong.status_code, "no model here" in wrong.json()["message"]) == (422, True)
        assert (await admin.delete("/admin/v1/languages/lua")).status_code == 200
        assert (await admin.delete("/admin/v1/languages/lua")).status_code == 404
        assert await server.text("lua") == "first"

        assert (await admin.put("/admin/v1/canaries/lua", json={"candidate": "b", "share": 0.5})).status_code == 200
        users = [Identity(f"user {number}", frozenset()) for number in range(400)]
        targets = {user.user: server.models.target("lua", user) for user in users}
        assert targets == {user.user: server.models.target("lua", user) for user in users}
        assert 150 < sum(target == "b" for target in targets.values()) < 250
        assert {server.models.target("python", user) for user in users} == {"a"}
        assert (await admin.post("/admin/v1/canaries/lua/promote")).status_code == 200
        assert {server.models.target("lua", user) for user in users} == {"b"}

        state = (await admin.get("/admin/v1/models")).json()
        assert state["languages"] == {"lua": "b"}
        assert [model["status"] for model in state["models"]] == ["ready", "ready"]
        assert state["models"][0]["queue"]["running"] == 0
        unknown = await admin.post("/admin/v1/models/c/swap", json={"checkpoint": "x"})
        assert unknown.status_code == 404


async def test_a_change_by_hand_is_taken_up_or_said_to_be_wrong(
    start_models: Start, checkpoint: Checkpoint, wait_for: Callable[..., Any]
) -> None:
    async with start_models(models_yaml({"m": checkpoint("old")})) as server:
        server.path.write_text(models_yaml({"m": checkpoint("new")}))
        await wait_for(lambda: server.models.file.models["m"].checkpoint.endswith("new"))
        assert await server.text() == "new"
        server.path.write_text("models: {m: {chekpoint: x}}")
        await wait_for(lambda: "did you mean 'checkpoint'" in server.store.problem)
        assert (await server.client.get("/admin/v1/models")).json()["problem"]
        assert await server.text() == "new"
        refused = await server.client.post("/admin/v1/reload")
        assert refused.status_code == 422


async def test_a_gate_that_is_required_keeps_a_model_out(start_models: Start, checkpoint: Checkpoint) -> None:
    with pytest.raises(CheckpointError, match="model m is not put in service"):
        async with start_models(models_yaml({"m": checkpoint("unjudged")}), gate="required"):
            pass

"""What a replica must show before it gets work, and what the engine says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import EngineError


async def test_the_context_is_the_shortest_of_all(fleet: Any) -> None:
    def prepare(replicas: list[Any]) -> None:
        replicas[1].models = [{"id": "other-name", "max_model_len": 256}]

    async with fleet(2, prepare=prepare) as running:
        facts = running.engine.state.facts
        assert facts is not None
        assert (facts.context_tokens, facts.token_healing) == (256, True)
    async with fleet(1, max_model_len=64) as running:
        assert running.engine.state.facts.context_tokens == 64


async def test_each_replica_is_asked_for_its_own_name_of_the_model(fleet: Any) -> None:
    def prepare(replicas: list[Any]) -> None:
        lora = {"id": "sql", "parent": "base", "max_model_len": None}
        replicas[0].models = [lora, {"id": "base", "max_model_len": 256, "parent": None}]

    async with fleet(1, prepare=prepare, adapters={"adapters/sql": "sql"}) as running:
        await running.outputs()
        await running.outputs(adapter="adapters/sql")
        assert [body["model"] for body in running.replicas[0].jobs] == ["base", "sql"]
        with pytest.raises(EngineError, match="name of the adapter adapters/lua is not known"):
            await running.outputs(adapter="adapters/lua")


async def test_an_adapter_that_is_missing_on_one_replica_costs_that_request_alone(fleet: Any) -> None:
    async with fleet(2, adapters={"a": "a"}) as running:
        await running.outputs(session="s", adapter="a")
        home = running.home_of("s")
        home.wrong = "404"
        assert await running.ids(session="s", adapter="a") == [40, 41, 42]
        assert running.engine.state.detail == "2 of 2 replicas ready"


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"models": [{"id": "tiny"}]}, {"served_model": "large"}, "serves tiny, and not large; see --endpoint-model"),
        ({"models": []}, {}, "serves no model"),
        ({"models": [5]}, {}, "no list of models"),
        ({"tokens": [b"x"] * 1000}, {}, "another tokenizer"),
        ({"wrong": "no_ids", "sick": True}, {}, "answers without token ids; where it is not vLLM"),
        ({"wrong": "html", "sick": True}, {}, "no stream of completions"),
        ({"wrong": "400", "sick": True}, {}, "refused a prompt of"),
        ({"health": 503}, {}, "answered HTTP 503"),
        ({"key": "k"}, {}, "answered HTTP 401: wrong key; see the API key"),
    ],
)
async def test_a_replica_that_does_not_fit_gets_no_work(
    fleet: Any, change: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    def prepare(replicas: list[Any]) -> None:
        for name, value in change.items():
            setattr(replicas[0], name, value)

    async with fleet(1, ready=False, prepare=prepare, **options) as running:
        await running.until(lambda: running.engine.state.status == "failed")
        assert said in running.engine.state.detail
        assert running.replicas[0].jobs == []

"""What a replica must show before it gets work, at the start and after each failure.

Its health, the model's name, that its tokenizer is the one of the folder here, and one token: a replica that answers
its health check and computes nothing any more is not let in.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from core.errors import RequestError
from server.engines.remote.api import Api
from server.engines.remote.connection import ReplicaError
from server.engines.remote.fleet import Replica
from server.engines.remote.options import RemoteOptions
from server.generation import Job
from server.tokens.rendering import TokenRenderer

_SAMPLE = "def total(rows):\n    return sum(rows)\n"
"""Holds nothing that a tokenizer's clean-up of spaces would change."""
_LIST_S = 5.0


class Admission:
    """Admits replicas, and looks after them."""

    def __init__(self, api: Api, renderer: TokenRenderer, options: RemoteOptions) -> None:
        self._api = api
        self._renderer = renderer
        self._options = options
        self._sample = renderer.encode(_SAMPLE)

    async def check(self, replica: Replica) -> None:
        """The quick look. Raises `ReplicaError`."""
        await replica.connection.call("GET", self._api.health_path, limit_s=self._options.check_timeout_s)

    async def admit(self, replica: Replica) -> None:
        """The thorough look; sets the replica's `model` and `context_tokens`. Raises `ReplicaError`."""
        await self.check(replica)
        names = await self._names(replica)
        wanted = self._options.served_model
        if wanted and wanted not in names:
            raise ReplicaError(f"serves {', '.join(names)}, and not {wanted}; see --endpoint-model")
        replica.model = wanted or next(iter(names))
        replica.context_tokens = names[replica.model]
        if self._api.token_healing:
            await self._compare_tokenizers(replica)
        await self._compute(replica)

    async def _names(self, replica: Replica) -> dict[str, int | None]:
        """The context of each model there, those that are no adapters first."""
        answer = await replica.connection.call("GET", "/v1/models", limit_s=_LIST_S)
        try:
            cards = sorted(answer["data"], key=lambda card: card.get("parent") is not None)
            names = {str(card["id"]): _context(card.get("max_model_len")) for card in cards}
        except (KeyError, TypeError, AttributeError):
            raise ReplicaError("answered /v1/models with what is no list of models") from None
        if not names:
            raise ReplicaError("serves no model")
        return names

    async def _compare_tokenizers(self, replica: Replica) -> None:
        """Raise `ReplicaError` where these ids mean another text there. An endpoint that does not tell is trusted."""
        body = {"model": replica.model, "tokens": self._sample}
        try:
            answer = await replica.connection.call("POST", "/detokenize", body, limit_s=_LIST_S)
            text = str(answer["prompt"])
        except ReplicaError as error:
            if error.status is None:
                raise
            return
        except (KeyError, TypeError):
            return
        if text.strip() != _SAMPLE.strip():
            raise ReplicaError(
                f"serves a model with another tokenizer than {self._options.model}; "
                "name the model's own folder with --model"
            )

    async def _compute(self, replica: Replica) -> None:
        """One token."""

        def ask(body: dict[str, Any]) -> AsyncGenerator[Any, None]:
            return replica.connection.stream({**body, "model": replica.model})

        job = Job(id="admission", prompt=tuple(self._sample), max_new_tokens=1)
        try:
            async with contextlib.aclosing(self._api.outputs(job, ask)) as outputs:
                async for _ in outputs:
                    pass
        except RequestError as error:
            raise ReplicaError(f"refused a prompt of {len(self._sample)} tokens: {error}") from None


def _context(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None

"""Options of the engine `remote`. Times are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from core.errors import ConfigError

KEY_VARIABLE = "VERNACULAR_ENDPOINT_KEY"
"""Environment variable with the endpoints' API key, where no file is named."""


class RemoteOptions(BaseModel):
    """Where the replicas are, how they are asked, and how long one waits for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="a folder with the model's config.json and tokenizer.json; no weights are read")
    context_limit: int = Field(description="tokens of context that the model takes at most", ge=1)
    max_model_len: int | None = Field(
        default=None, description="tokens of context to use; None: what the replicas say, else the model's", ge=16
    )
    endpoints: tuple[str, ...] = Field(description="URLs such as http://gpu1:8000, one a replica", min_length=1)
    api: Literal["vllm", "openai"] = Field(
        default="vllm", description="vllm: token ids, token healing; openai: any other endpoint, strings only"
    )
    served_model: str = Field(default="", description="name of the model there; empty: the first that is no adapter")
    adapters: dict[str, str] = Field(
        default_factory=dict, description="name there (`vllm serve --lora-modules`) of each adapter of `Job.adapter`"
    )
    api_key_file: Path | None = Field(
        default=None, description=f"file with the API key of all endpoints; None: from {KEY_VARIABLE}, if set"
    )
    max_allowed: int = Field(
        default=1024, description="ids allowed at most for a healed token; vLLM on a GPU takes no more", ge=1
    )
    max_streams: int = Field(default=64, description="jobs under way at once on one replica; the next takes over", ge=1)
    check_s: float = Field(default=1.0, description="between two health checks of a replica", gt=0)
    check_timeout_s: float = Field(default=2.0, description="for the answer to one; the second late one counts", gt=0)
    first_backoff_s: float = Field(default=0.5, description="until a replica that failed is tried again; doubles", gt=0)
    max_backoff_s: float = Field(default=30.0, description="the longest such wait", gt=0)
    connect_s: float = Field(default=2.0, description="to connect", gt=0)
    first_token_s: float = Field(default=30.0, description="until the first token, waiting in its queue included", gt=0)
    token_s: float = Field(default=5.0, description="between two tokens", gt=0)
    hedge_s: float | None = Field(
        default=None, description="without a first token for so long, ask a second replica too; None: never", gt=0
    )
    drain_s: float = Field(default=2.0, description="for the answers under way when the engine is closed", ge=0)

    @field_validator("endpoints")
    @classmethod
    def _urls(cls, endpoints: tuple[str, ...]) -> tuple[str, ...]:
        urls = tuple(_url(endpoint) for endpoint in endpoints)
        twice = next((url for url in urls if urls.count(url) > 1), None)
        if twice:
            raise ValueError(f"{twice} is named twice; name each replica once")
        return urls


def remote_options(options: Mapping[str, JsonValue]) -> RemoteOptions:
    """The parsed options. Raises `ConfigError`, one line."""
    try:
        return RemoteOptions.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"engine remote: {where}: {message}") from None


def _url(endpoint: str) -> str:
    """Without the slash and the `/v1` at its end, with which such addresses are often given."""
    example = "write it like http://gpu1:8000"
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{endpoint!r} is no URL ({error}); {example}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"{endpoint!r} is no address of a server; {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"the address on {parts.hostname} holds more than host, port and path; {example}")
    return endpoint.rstrip("/").removesuffix("/v1").rstrip("/")

"""Everything that an operator can set: the keys of a config file, each with its default and what it does.

The page `docs/server-config.md`, the JSON schema and `vernacular config show` are made from these classes. Every key
has a default, so that each source of values can be checked by itself. What only holds between keys of different
sections is checked by `server.config.checks` when the server starts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from server.config.access import AccessSection

DEFAULT_PORT = 8480


class Section(BaseModel):
    """Base of the sections: immutable, and a key that is not there is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListenSection(Section):
    """Where the server answers, and what it takes of a connection."""

    host: str = Field(default="127.0.0.1", description="address to listen on; one that others reach needs `access`")
    port: int = Field(default=DEFAULT_PORT, description="port to listen on; 0: any free one", ge=0, le=65535)
    base_url: str | None = Field(
        default=None,
        description="address that users write, such as https://code.example.com, where a proxy or a name stands before",
        pattern=r"^https?://[^/\s?#@]+$",
    )
    tls_certificate: Path | None = Field(default=None, description="PEM file: the certificate, then those above it")
    tls_key: Path | None = Field(default=None, description="PEM file: the certificate's key, without a password")
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed"
    )
    header_timeout_s: float = Field(
        default=10, description="after which a request whose head has not come whole is closed", gt=0, le=600
    )
    body_timeout_s: float = Field(
        default=20, description="after which a request whose body has not come whole gets 408", gt=0, le=600
    )
    max_header_bytes: int = Field(default=65_536, description="of a request's head", ge=4096, le=1_048_576)
    keep_alive_s: int = Field(default=75, description="for which an idle connection is kept open", ge=1, le=3600)
    shutdown_s: int = Field(
        default=2, description="for which connections may end by themselves when the server ends", ge=0, le=600
    )


class ModelsSection(Section):
    """What is served: one model, named here, or those of a file."""

    file: Path | None = Field(default=None, description="`models.yaml`: several models, and who gets which")
    model: str | None = Field(default=None, description="model folder or Hugging Face id; none: the embedded model")
    gate: Literal["required", "warn", "off"] | None = Field(
        default=None, description="whether a model must have passed its gate; none: warn on loopback, else required"
    )
    audit: Path | None = Field(default=None, description="file that gets a line for every change of what is served")
    template: str | None = Field(
        default=None, description="fill-in-the-middle template; none: by the model's own word or name"
    )
    typing_layout: Literal["prefix", "middle"] | None = Field(
        default=None, description="where the line's typed part stands: before the suffix, or behind the middle token"
    )
    healing: bool = Field(default=True, description="whether the unfinished token at the cursor is taken back")


class EngineSection(Section):
    """What computes a model: a worker on this machine, or servers elsewhere."""

    name: str = Field(
        default="vllm", description="vllm: a worker on this machine; remote: servers that compute elsewhere"
    )
    endpoints: tuple[str, ...] = Field(default=(), description="for `remote`: URLs of the servers, one a replica")
    endpoint_api: Literal["vllm", "openai"] = Field(
        default="vllm", description="what endpoints speak: vllm (token ids), or openai (any other, strings only)"
    )
    endpoint_model: str = Field(
        default="", description="name of the model at the endpoints; empty: the first that is no adapter"
    )
    endpoint_key_file: Path | None = Field(
        default=None, description="file with the endpoints' API key; none: `VERNACULAR_ENDPOINT_KEY`, if set"
    )
    max_model_len: int | None = Field(
        default=None, description="tokens of prompt and answer; none: 4096 on a CPU, 16384 on a GPU", ge=16
    )
    mode: Literal["auto", "sync", "async"] = Field(
        default="auto", description="how vLLM is driven: sync (a thread; best on a CPU) or async (AsyncLLM)"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(default="auto", description="number format")
    eager: bool = Field(default=False, description="do not compile: starts sooner, each token takes longer")
    block_size: int | None = Field(
        default=None, description="tokens a block of the prefix cache; none: 32 on a CPU, vLLM's on a GPU", ge=1
    )
    kv_cache_gib: float = Field(default=1.0, description="on a CPU: memory for the prefix cache", gt=0)
    gpu_memory: float = Field(default=0.85, description="on a GPU: share of its memory to take", gt=0, le=1)
    threads: int | None = Field(
        default=None, description="on a CPU: cores to compute on; none: one for a small model, else all", ge=1
    )
    max_sequences: int = Field(default=32, description="requests computed at once; more wait", ge=1)
    speculate: int = Field(default=0, description="tokens proposed a step by looking up n-grams; 0: off", ge=0, le=16)


class DatabaseSection(Section):
    """What several instances of the server share: API keys, and telemetry."""

    url: SecretStr | None = Field(
        default=None,
        description="sqlite:////PATH or postgresql://USER@HOST/NAME; none: no telemetry, keys in the user's folder",
    )
    url_file: Path | None = Field(default=None, description="file that holds the URL, instead of `url`")


class TelemetrySection(Section):
    """What is kept of how proposals are taken, where `database` is set."""

    enabled: bool = Field(default=True, description="whether events are taken; they hold no code")
    text: bool = Field(
        default=False, description="also keep the proposals' texts of users who consent, without secrets"
    )
    retention_days: int = Field(default=90, description="events older than that are deleted", ge=1, le=3650)


class QueueSection(Section):
    """What happens when more is asked of the one model than it can compute; a models file has its own."""

    max_waiting: int = Field(default=256, description="requests that wait; more are refused", ge=0)
    wait_ms: float = Field(default=400, description="how long a typist's request waits at most", ge=0)
    batch_wait_s: float = Field(default=60, description="how long a batch's request waits at most", ge=0)


class LanguagesSection(Section):
    """A company's own languages."""

    folders: tuple[Path, ...] = Field(default=(), description="folders of language files, the strongest first")


class LogSection(Section):
    """The log, on standard error. What users typed is never in it."""

    level: Literal["error", "warning", "info", "debug"] = Field(
        default="warning", description="`info`: one line a request; `debug`: the engine's log too"
    )
    format: Literal["text", "json"] = Field(default="text", description="`json`: one object a line")


class TracingSection(Section):
    """OpenTelemetry; needs the extra `tracing`."""

    otlp_endpoint: str | None = Field(
        default=None,
        description="where traces go, such as http://127.0.0.1:4318/v1/traces; none: nowhere",
        pattern=r"^https?://\S+$",
    )


class ServerConfig(Section):
    """All sections."""

    listen: ListenSection = Field(default=ListenSection(), description=str(ListenSection.__doc__))
    access: AccessSection = Field(default=AccessSection(), description=str(AccessSection.__doc__))
    models: ModelsSection = Field(default=ModelsSection(), description=str(ModelsSection.__doc__))
    engine: EngineSection = Field(default=EngineSection(), description=str(EngineSection.__doc__))
    queue: QueueSection = Field(default=QueueSection(), description=str(QueueSection.__doc__))
    database: DatabaseSection = Field(default=DatabaseSection(), description=str(DatabaseSection.__doc__))
    telemetry: TelemetrySection = Field(default=TelemetrySection(), description=str(TelemetrySection.__doc__))
    languages: LanguagesSection = Field(default=LanguagesSection(), description=str(LanguagesSection.__doc__))
    log: LogSection = Field(default=LogSection(), description=str(LogSection.__doc__))
    tracing: TracingSection = Field(default=TracingSection(), description=str(TracingSection.__doc__))

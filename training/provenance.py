"""What a training ran on: library versions and the machine, in words."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = (
    *("torch", "transformers", "accelerate", "tokenizers", "safetensors", "datasketch", "numpy", "peft", "trl"),
    "datasets",
)


def installed_versions() -> dict[str, str]:
    """Library -> version, of those that decide the result."""
    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """The GPU's name, or the CPU's threads, architecture and instruction set."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    return (
        f"{torch.get_num_threads()} threads of a {platform.machine()} CPU ({torch.backends.cpu.get_cpu_capability()})"
    )

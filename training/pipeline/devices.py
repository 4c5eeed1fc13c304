"""What this machine has to train on: its GPU as nvidia-smi tells, else its memory and cores."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from training.pipeline.estimates import Device

_MIB = 1 << 20
_PEAKS = {
    "H200": 989e12, "H100": 989e12, "GH200": 989e12, "B200": 2250e12, "A100": 312e12, "L40S": 362e12, "L40": 181e12,
    "L4": 121e12, "A10": 125e12, "A6000": 155e12, "4090": 165e12, "3090": 71e12, "V100": 125e12, "T4": 65e12,
}  # fmt: skip
"""Part of a GPU's name -> operations a second in bfloat16 (older ones: float16), without sparsity, by its maker."""
_UNKNOWN_GPU = 100e12
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def this_machine(processes: int = 1, *, measure: bool = False) -> Device:
    """The first GPU, `processes` times, or the CPU; its speed is measured where that is asked for (0.1 s)."""
    if found := _gpus():
        name, memory = found[0]
        peak = next((peak for part, peak in _PEAKS.items() if part in name), _UNKNOWN_GPU)
        return Device(f"this machine: {name}", memory, peak, 0.35, count=min(processes, len(found)))
    flops = _measured_flops() if measure else 1e11
    return Device("this machine: CPU", _memory_bytes(), flops, 0.5, gpu=False)


def processes_of(accelerate: Path | None) -> int:
    """Processes that an accelerate configuration starts; 1 where there is none."""
    import yaml

    try:
        found = yaml.safe_load(accelerate.read_text(encoding="utf-8")) if accelerate else {}
        return max(1, int(found.get("num_processes", 1)))
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError):
        return 1


def _gpus() -> list[tuple[str, int]]:
    """Name and memory in bytes."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        rows = [line.rsplit(",", 1) for line in answer.stdout.splitlines() if "," in line]
        return [(name.strip(), int(memory) * _MIB) for name, memory in rows]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []


def _memory_bytes() -> int:
    """Of the machine, or what its container may use."""
    total = 0
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        total = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal"))
        limit = _CGROUP.read_text(encoding="utf-8").strip()
        return min(total, int(limit)) if limit.isdecimal() else total
    except (OSError, ValueError, StopIteration):
        return total or 8 << 30


def _measured_flops() -> float:
    """Operations a second of a product of matrices in float32, the best of some."""
    import numpy as np

    size, best_s = 768, float("inf")
    matrix = np.ones((size, size), dtype=np.float32)
    for _ in range(4):
        began_s = time.perf_counter()
        matrix @ matrix
        best_s = min(best_s, time.perf_counter() - began_s)
    return 2 * size**3 / best_s

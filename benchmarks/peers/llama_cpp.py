"""llama.cpp's server, built from the source distribution of llama-cpp-python, serving one of our checkpoints.

PyPI carries llama.cpp's source inside that package; only the target `llama-server` is built, statically, for this
machine's CPU, without its web page and TLS, with nothing fetched but the package. The build takes minutes on many
cores and half an hour on one that is busy; broken off, it goes on where it was.

    with llama_server(Path("server/embedded_model")) as url:
        httpx.post(f"{url}/infill", json={"input_prefix": "let x =", "input_suffix": "\\n", "prompt": ""})

A new connection for each request: the server's keep-alive ends connections that a client pool still holds.

What to know of `/infill` (llama.cpp of llama-cpp-python 0.3.36, `format_prompt_infill`): its `prompt` is put at the
prefix's end, before the suffix, though its documentation says after the middle token; a repository called `myproject`
and a file called `filename` open every prompt of a model that has tokens for them; and the layout is
prefix-suffix-middle, or with `--spm-infill` suffix first and no middle between. A model that was taught another
layout wants `/completion`, with a prompt of token ids.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from benchmarks.peers.gguf import Dtype
from benchmarks.peers.processes import PeerError, cache_folder, free_port, python, run, serving
from server.models.checks import check_folder, context_limit
from server.worker.vllm_options import VllmOptions, cores

VERSION = "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
CMAKE = ("cmake==3.31.6", "ninja==1.13.0")
"""For the peers' own environment, where the system has none."""
OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",  # else the build asks a model hub for a web page
    "-DLLAMA_OPENSSL=OFF",
    "-DGGML_NATIVE=ON",
)
AS_LLAMA_VIM = ("--batch-size", "1024", "--ubatch-size", "1024", "--cache-reuse", "256")
"""What the server's own presets for fill in the middle set (`--fim-qwen-1.5b-default`), which llama.vim points to."""
READY_S = 120.0


def folder() -> Path:
    """Where source, build and logs of this version are."""
    return cache_folder() / f"llama-cpp-python-{VERSION}"


def binary() -> Path:
    """The built server; it need not exist."""
    return folder() / "build" / "bin" / "llama-server"


def build(jobs: int | None = None) -> Path:
    """Download and build what is not there yet, at low priority, and return `llama-server`.

    `jobs`: compilers at once; `None`: one on each core that this process may use. Raises `PeerError`, which names the
    log; a call after that goes on from there.
    """
    done = folder() / "built.txt"
    if done.is_file() and binary().is_file():
        return binary()
    folder().mkdir(parents=True, exist_ok=True)
    log = folder() / "build.log"
    cmake, ninja = _build_tools()
    configure = [cmake, "-S", str(source(log)), "-B", str(folder() / "build"), "-G", "Ninja"]
    run([*configure, f"-DCMAKE_MAKE_PROGRAM={ninja}", *OPTIONS], log)
    parallel = str(jobs or len(cores(None)))
    polite = ["nice", "-n", "15"] if shutil.which("nice") else []
    run([*polite, cmake, "--build", str(folder() / "build"), "--target", "llama-server", "--parallel", parallel], log)
    run([str(binary()), "--version"], log)
    done.write_text(f"{SHA256}\n", encoding="utf-8")
    return binary()


def source(log: Path) -> Path:
    """llama.cpp's source, downloaded through pip and unpacked. Raises `PeerError`."""
    unpacked = folder() / "source"
    if unpacked.is_dir():
        return unpacked
    archive = folder() / f"llama_cpp_python-{VERSION}.tar.gz"
    if not archive.is_file() or _sha256(archive) != SHA256:
        archive.unlink(missing_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        run([*pip, "--no-binary", "llama-cpp-python", "-d", str(folder()), f"llama-cpp-python=={VERSION}"], log)
        if not archive.is_file():
            raise PeerError(f"pip left no {archive.name} in {folder()}; see {log}")
        if _sha256(archive) != SHA256:
            raise PeerError(f"{archive} is not the published file (its SHA-256 differs); remove it and try again")
    return unpack(archive, unpacked)


def unpack(archive: Path, target: Path) -> Path:
    """Unpack llama.cpp out of the package's `archive` as `target`, whole or not at all. Raises `PeerError`."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with tarfile.open(archive) as file:
            # Python 3.11.2, which is Debian's, has no filters; the archive's SHA-256 is pinned
            file.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
            file.extractall(part)  # noqa: S202
        (llama,) = part.glob("*/vendor/llama.cpp")
        (llama / ".git").unlink(missing_ok=True)  # it names a repository that is not there, which ninja then waits for
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        raise PeerError(f"{archive} holds no vendor/llama.cpp ({error}); remove it and try again") from None
    llama.rename(target)
    shutil.rmtree(part)
    return target


def model_file(checkpoint: Path, dtype: Dtype = "f16") -> Path:
    """The checkpoint as GGUF, made anew when its weights, tokenizer or the converter changed. Raises `PeerError`."""
    converter = Path(__file__).with_name("gguf.py")
    inputs = [*sorted(checkpoint.glob("*.safetensors")), checkpoint / "tokenizer.json", checkpoint / "config.json"]
    parts = [_sha256(path) for path in (*inputs, converter)]
    name = hashlib.sha256("".join(parts).encode()).hexdigest()[:16]
    file = cache_folder() / "models" / f"{checkpoint.resolve().name}-{dtype}-{name}.gguf"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        module = [str(python()), "-m", "benchmarks.peers.gguf", "--dtype", dtype]
        run([*module, str(checkpoint.resolve()), str(file)], cache_folder() / "convert.log")
    return file


@contextmanager
def llama_server(
    checkpoint: Path,
    *,
    dtype: Dtype = "f16",
    threads: int | None = None,
    context_tokens: int | None = None,
    more: Sequence[str] = AS_LLAMA_VIM,
    ready_s: float = READY_S,
) -> Iterator[str]:
    """Serve a checkpoint folder on a free port; yields the URL and ends the server when the block is left.

    `threads` and `context_tokens` are by default what our own server takes for this model on a CPU. One slot, since
    one user is served. `more`: further options of the command. Builds and converts where that has not been done.
    Raises `PeerError`, and `CheckpointError` for a folder that holds no model.
    """
    limit = context_limit(check_folder(checkpoint), checkpoint)
    options = VllmOptions(model=str(checkpoint), context_limit=limit, threads=threads, max_model_len=context_tokens)
    count = str(len(cores(options.core_count())))
    command = [str(build()), "--model", str(model_file(checkpoint, dtype)), "--host", "127.0.0.1", "--offline"]
    command += ["--threads", count, "--threads-batch", count, "--parallel", "1"]
    command += ["--ctx-size", str(options.context_tokens(cpu=True)), "--no-webui", *more]
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving([*command, "--port", str(port)], url, folder() / "server.log", ready_s):
        yield url


def _build_tools() -> tuple[str, str]:
    """cmake and ninja: the system's, or else those of the peers' own environment."""
    if not any(metadata.distributions(name="pip")):  # not by find_spec, which setuptools takes for the start of pip
        raise PeerError(f"{sys.executable} has no pip to download llama-cpp-python with; run: python -m ensurepip")
    if not (os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")):
        raise PeerError("no C++ compiler to build llama.cpp with; on Debian run: apt-get install g++")
    found = shutil.which("cmake"), shutil.which("ninja")
    if found[0] and found[1]:
        return found[0], found[1]
    scripts = python(*CMAKE).parent
    return str(scripts / "cmake"), str(scripts / "ninja")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PeerError(f"{path} cannot be read ({error.strerror})") from None

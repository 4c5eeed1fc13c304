"""Build the peers, start each in turn, and show its version and one completion of the same hole in a file.

The hole is laid out as the model was taught (`vernacular.json`), by the server's own code, and goes to every peer as
the same token ids, so that the same model with the same numbers says the same: a check that the peers work, not a
measurement.

    python -m benchmarks.peers [--model FOLDER] [--only llama.cpp] [--build-only]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.peers import llama_cpp, vllm_bare
from benchmarks.peers.processes import PeerError
from core.errors import VernacularError
from core.wire import CompletionRequest
from server.models.checks import check_folder
from server.models.description import describe
from server.prompting import PromptMaker
from server.tokens.rendering import TokenRenderer

PREFIX = "///|\nfn sum(numbers : Array[Int]) -> Int {\n  let mut total = 0\n  for number in numbers {\n    total"
SUFFIX = "\n  }\n  total\n}\n"
NEW_TOKENS = 12


def main() -> None:
    """Build, start, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("server/embedded_model"), help="a model folder")
    parser.add_argument("--only", choices=sorted(PEERS), help="start this peer alone")
    parser.add_argument("--build-only", action="store_true", help="build llama.cpp's server, start nothing")
    arguments = parser.parse_args()
    try:
        if arguments.build_only:
            print(f"built {llama_cpp.build()}")
            return
        ids, stop = prompt_ids(arguments.model)
        print(f"prompt: {len(ids)} tokens; the cursor stands after {PREFIX.splitlines()[-1]!r}")
        for name in [arguments.only] if arguments.only else PEERS:
            version, server, ask = PEERS[name]
            with server(arguments.model) as url:
                print(f"{name} ({version()}): {ask(url, ids, stop)!r}", flush=True)
    except VernacularError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)


def prompt_ids(folder: Path) -> tuple[list[int], list[int]]:
    """The hole as token ids, unhealed, in the model's own layout; and the ids that end its answer."""
    renderer = TokenRenderer.from_folder(folder)
    described = describe(folder, renderer, check_folder(folder))
    maker = PromptMaker(renderer, described.template, 512, described.bytes_per_token, healing=False)
    request = CompletionRequest(
        request_id="1", session_id="peers", language="moonbit", prefix=PREFIX, suffix=SUFFIX, max_new_tokens=NEW_TOKENS
    )
    template = described.template
    return list(maker.make(request).ids), list(renderer.control_ids((*template.stop, *template.special_tokens)))


def ask_llama_cpp(url: str, ids: list[int], stop: list[int]) -> str:
    """One greedy completion of llama.cpp's server; what ends an answer stands in the model's file."""
    body = {"prompt": ids, "n_predict": NEW_TOKENS, "temperature": 0}
    return str(_post(f"{url}/completion", body)["content"])


def ask_vllm(url: str, ids: list[int], stop: list[int]) -> str:
    """One greedy completion of vLLM's server."""
    body = {"model": vllm_bare.MODEL, "prompt": ids, "max_tokens": NEW_TOKENS, "temperature": 0, "stop_token_ids": stop}
    return str(_post(f"{url}/v1/completions", body)["choices"][0]["text"])


def llama_cpp_version() -> str:
    """Which llama.cpp this is."""
    return f"of llama-cpp-python {llama_cpp.VERSION}"


Ask = Callable[[str, list[int], list[int]], str]
Peer = tuple[Callable[[], str], Callable[[Path], AbstractContextManager[str]], Ask]
PEERS: dict[str, Peer] = {
    "llama.cpp": (llama_cpp_version, llama_cpp.llama_server, ask_llama_cpp),
    "vLLM": (vllm_bare.version, vllm_bare.vllm_server, ask_vllm),
}


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(url, json=body, trust_env=False, timeout=60)
    if answer.status_code != 200:
        raise PeerError(f"{url} answered {answer.status_code}: {answer.text[:200]}")
    content: dict[str, Any] = answer.json()
    return content


if __name__ == "__main__":
    main()

"""The engine that the worker uses, called without anything of this project around it.

A process of its own: vLLM's synchronous `LLMEngine` with the worker's arguments. It reads one JSON object a line
from standard input and answers with one: given each user's prompts, it runs all users at once, each sending the
next prompt as soon as the one before is answered. No HTTP, no sockets, no token healing, no text: the floor. The
probability of each token is asked for, since an answer carries its confidence.

    in   {"users": [[[id, ...], ...], ...], "max_new_tokens": 24, "stop": [id, ...], "logprobs": 0 or null}
    out  {"first_ms": [...], "last_ms": [...], "tokens": n, "seconds": s}

`BareEngine` is that process, for a benchmark to talk to; `Orders` writes what it reads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.workload import User
from server.models.checks import check_folder, context_limit
from server.models.description import describe
from server.prompting import PromptMaker
from server.tokens.rendering import TokenRenderer
from server.worker.vllm_options import VllmOptions, prepare_environment


class BareEngine:
    """The process, with the worker's options for a model folder; `options` are fields of `VllmOptions`."""

    def __init__(self, folder: Path, **options: Any) -> None:
        command = [sys.executable, "-m", "benchmarks.bare_engine", str(folder), json.dumps(options)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._answer()

    def run(self, order: dict[str, Any]) -> dict[str, Any]:
        """Run all users' prompts."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=30)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("error: the bare engine ended; see `python -m benchmarks.bare_engine FOLDER {}`")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Orders:
    """Makes a model's prompts, unhealed, of simulated users' requests, for `BareEngine.run`."""

    def __init__(self, folder: Path, max_new_tokens: int) -> None:
        renderer = TokenRenderer.from_folder(folder)
        described = describe(folder, renderer, check_folder(folder))
        template = described.template
        self.model = described.name
        limit = _options(folder).context_tokens(True)
        self._maker = PromptMaker(renderer, template, limit, described.bytes_per_token, healing=False)
        self._stop = list(renderer.control_ids((*template.stop, *template.special_tokens)))
        self._max_new_tokens = max_new_tokens

    def of(self, people: Sequence[User]) -> dict[str, Any]:
        """One order for all of them."""
        prompts = [[list(self._maker.make(request).ids) for request in person.requests] for person in people]
        return {"users": prompts, "max_new_tokens": self._max_new_tokens, "stop": self._stop, "logprobs": 0}


def _options(folder: Path, **options: Any) -> VllmOptions:
    limit = context_limit(check_folder(folder), folder)
    return VllmOptions(model=str(folder), context_limit=limit, **options)


def main() -> None:
    """Load the model folder named in the first argument, say so, answer until the end of input."""
    folder = Path(sys.argv[1])
    options = _options(folder, **json.loads(sys.argv[2]))
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # vLLM writes to standard output
    prepare_environment(options)
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    from vllm.v1.engine.llm_engine import LLMEngine

    from server.worker.vllm_arguments import engine_arguments

    engine = LLMEngine.from_engine_args(engine_arguments(options, on_cpu=True))
    print(json.dumps({"ready": True}), file=protocol, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(engine, json.loads(line))), file=protocol, flush=True)


def run(engine: Any, order: dict[str, Any]) -> dict[str, Any]:
    """All users at once, in a closed loop; times in milliseconds from `add_request`."""
    from vllm import SamplingParams
    from vllm.inputs import TokensPrompt
    from vllm.sampling_params import RequestOutputKind

    waiting: list[list[list[int]]] = [list(reversed(prompts)) for prompts in order["users"]]
    added_s: dict[str, float] = {}
    first_ms: dict[str, float] = {}
    last_ms: dict[str, float] = {}
    tokens = 0
    begin_s = time.perf_counter()

    def add(user: int) -> None:
        if waiting[user]:
            params = SamplingParams(
                temperature=0.0,
                max_tokens=order["max_new_tokens"],
                stop_token_ids=order["stop"],
                ignore_eos=True,
                detokenize=False,
                logprobs=order["logprobs"],
                output_kind=RequestOutputKind.DELTA,
            )
            request = f"{user}:{len(waiting[user])}"
            added_s[request] = time.perf_counter()
            engine.add_request(request, TokensPrompt(prompt_token_ids=waiting[user].pop()), params)

    for user in range(len(waiting)):
        add(user)
    while engine.has_unfinished_requests():
        for output in engine.step():
            now_s = time.perf_counter()
            request = output.request_id
            tokens += len(output.outputs[0].token_ids)
            if output.outputs[0].token_ids:
                first_ms.setdefault(request, (now_s - added_s[request]) * 1e3)
            if output.finished:
                last_ms[request] = (now_s - added_s[request]) * 1e3
                add(int(request.split(":")[0]))
    seconds = time.perf_counter() - begin_s
    return {
        "first_ms": list(first_ms.values()),
        "last_ms": list(last_ms.values()),
        "tokens": tokens,
        "seconds": seconds,
    }


if __name__ == "__main__":
    main()

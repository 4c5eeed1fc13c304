"""The bare vLLM gets the settings of our worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers.processes import ROOT
from benchmarks.peers.vllm_bare import engine_options, server_arguments
from core.errors import CheckpointError

MODEL = ROOT / "server" / "embedded_model"
COMPARE = """
import json, sys
from pathlib import Path
from benchmarks.peers.vllm_bare import QUIET, engine_options, server_arguments
from server.worker.vllm_options import prepare_environment
options = engine_options(Path(sys.argv[1]), json.loads(sys.argv[2]))
prepare_environment(options)
from server.worker.vllm_arguments import engine_arguments
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
line = [*server_arguments(options, 1, on_cpu=True), *QUIET]
parsed = make_arg_parser(FlexibleArgumentParser()).parse_args(line)
theirs, ours = AsyncEngineArgs.from_cli_args(parsed), engine_arguments(options, on_cpu=True)
differ = {n: [repr(v), repr(getattr(theirs, n))] for n, v in vars(ours).items() if getattr(theirs, n) != v}
print(json.dumps(differ))
"""


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no config\.json"):
        engine_options(tmp_path, {})


def test_the_command_line_says_what_was_chosen() -> None:
    options = engine_options(MODEL, {"dtype": "float32", "kv_cache_gib": 0.5, "eager": True})
    line = " ".join(server_arguments(options, 8123, on_cpu=True))
    assert "--port 8123 --dtype float32 --max-model-len 1024" in line
    assert "--kv-cache-memory-bytes 536870912" in line
    assert "--block-size 32" in line
    assert "--enforce-eager" in line
    assert "--speculative-config" not in line


@pytest.mark.engine
@pytest.mark.parametrize("options", [{}, {"dtype": "float32", "speculate": 4, "eager": True, "prefix_caching": False}])
def test_vllm_understands_the_line_as_our_workers_arguments(options: dict[str, Any]) -> None:
    """But for what only our worker does without: vLLM's own tokenizer, and its kind of probabilities."""
    if find_spec("vllm") is None:  # not imported here: it would change what this process loads later
        pytest.skip("vLLM is not installed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", COMPARE, str(MODEL), json.dumps(options)]
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    differ = json.loads(answer.stdout.splitlines()[-1])
    unset = {"mm_device_do_normalize", "enable_lora", "reasoning_parser_plugin"}  # vLLM's own line fills these in
    assert set(differ) - unset == {"skip_tokenizer_init", "logprobs_mode", "served_model_name"}, differ

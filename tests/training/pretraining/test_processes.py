"""Continued pre-training in processes of its own: killed and resumed, interrupted, in two processes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.checkpoint import file_sha256
from core.errors import ConfigError, TrainingError
from training.curve import read_curve
from training.fitting.apart import FittingFailedError, run_apart
from training.pretraining.settings import PretrainJob, PretrainSettings

ACCELERATE = """
compute_environment: LOCAL_MACHINE
distributed_type: FSDP  # on CPUs accelerate starts the processes so, and keeps whole weights in each
num_machines: 1
num_processes: 2
use_cpu: true
mixed_precision: 'no'
fsdp_config: {fsdp_version: 2, fsdp_state_dict_type: FULL_STATE_DICT}
"""
COMMAND = Path(sys.executable).parent / "vernacular-fit"


def job(base: Path, corpus: Path, folder: Path, **options: Any) -> PretrainJob:
    chosen: dict[str, Any] = {
        "epochs": 3, "row_tokens": 64, "rows_at_once": 1, "tokens_per_step": 128, "measure_every_steps": 4,
        "save_every_steps": 2, "threads": 1, "optimizer": {"learning_rate": 1e-3},
    }  # fmt: skip
    return PretrainJob(model=str(base), corpus=corpus, folder=folder, settings=PretrainSettings(**(chosen | options)))


def start(wanted: PretrainJob) -> subprocess.Popen[bytes]:
    wanted.folder.mkdir(parents=True, exist_ok=True)
    (wanted.folder / "job.json").write_text(wanted.model_dump_json())
    return subprocess.Popen([COMMAND, "pretrain", str(wanted.folder / "job.json")], stderr=subprocess.DEVNULL)


def wait_for(process: subprocess.Popen[bytes], pattern: str, folder: Path) -> None:
    for _ in range(3000):
        if list(folder.glob(pattern)):
            return
        assert process.poll() is None, "it ended before"
        time.sleep(0.02)
    raise AssertionError(f"no {pattern} within a minute")


@pytest.fixture(scope="module", params=[{}, {"lora": {"rank": 4, "dropout": 0.1}}], ids=["all weights", "adapter"])
def left_alone(
    request: pytest.FixtureRequest, base: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("left_alone")
    run_apart("pretrain", job(base, corpus, folder, **request.param))
    return folder, request.param


def result(folder: Path) -> str:
    (weights,) = [*folder.glob("model/model.safetensors"), *folder.glob("adapter/adapter_model.safetensors")]
    return file_sha256(weights)


def test_killed_three_times_it_arrives_at_the_same_bits(
    left_alone: tuple[Path, dict[str, Any]], base: Path, corpus: Path, tmp_path: Path
) -> None:
    """Once before it learns, once in the middle, once by a signal that can be answered; beside it a half checkpoint."""
    alone, options = left_alone
    wanted = job(base, corpus, tmp_path, **options)
    ends = [
        (signal.SIGKILL, "key"),
        (signal.SIGKILL, "steps/checkpoint-2/*"),
        (signal.SIGTERM, "steps/checkpoint-6/whole"),
    ]
    for number, pattern in ends[1:2] if options else ends:
        process = start(wanted)
        wait_for(process, pattern, tmp_path)
        process.send_signal(number)
        process.wait(timeout=60)
        assert process.returncode in (-signal.SIGKILL, 130)
        assert not (tmp_path / "fit.json").exists()
    (tmp_path / "steps" / "checkpoint-99").mkdir()
    (tmp_path / "steps" / "checkpoint-99" / "model.safetensors").write_bytes(b"half")
    run_apart("pretrain", wanted)
    assert result(tmp_path) == result(alone)
    points = [
        [point for point in read_curve(folder / "curve.jsonl") if "bits_per_byte" in point]
        for folder in (alone, tmp_path)
    ]
    assert points[0] == points[1]


def test_two_processes_learn_what_one_does(base: Path, corpus: Path, tmp_path: Path) -> None:
    configuration = tmp_path / "accelerate.yaml"
    configuration.write_text(ACCELERATE)
    one = job(base, corpus, tmp_path / "one", epochs=2)
    two = job(base, corpus, tmp_path / "two", epochs=2, accelerate=configuration)
    run_apart("pretrain", one)
    run_apart("pretrain", two)
    last = [read_curve(wanted.folder / "curve.jsonl")[-1]["bits_per_byte"] for wanted in (one, two)]
    assert last[0] == pytest.approx(last[1], rel=1e-4)
    with pytest.raises(FittingFailedError, match=r"tokens_per_step 64 is no multiple of .* 2 processes = 128"):
        run_apart("pretrain", job(base, corpus, tmp_path / "odd", tokens_per_step=64, accelerate=configuration))


def test_what_ended_it_is_said_in_one_line(base: Path, corpus: Path, tmp_path: Path) -> None:
    wanted = job(base, corpus, tmp_path / "killed")
    killer = subprocess.Popen(
        [
            "sh",
            "-c",
            'while ! test -e "$1"; do sleep 0.05; done; exec pkill -KILL -f "$2"',
            "killer",
            str(wanted.folder / "key"),
            f"vernacular-fit pretrain {wanted.folder}/",
        ]
    )
    with pytest.raises(TrainingError, match="the process was killed; if the kernel did it, no memory was left"):
        run_apart("pretrain", wanted)
    killer.wait(timeout=20)
    with pytest.raises(FittingFailedError, match="holds no corpus") as refused:
        run_apart("pretrain", job(base, tmp_path / "nothing", tmp_path / "refused"))
    assert refused.value.exit_status == ConfigError.exit_status
    with pytest.raises(ConfigError, match="there is no such file; `accelerate config"):
        run_apart("pretrain", job(base, corpus, tmp_path / "x", accelerate=tmp_path / "none.yaml"))


def test_ctrl_c_writes_a_checkpoint_first(base: Path, corpus: Path, tmp_path: Path) -> None:
    wanted = job(base, corpus, tmp_path, save_every_steps=1000, epochs=40)
    script = (
        "import sys\nfrom pathlib import Path\nfrom training.fitting.apart import run_apart\n"
        "from training.pretraining.settings import PretrainJob\n"
        "run_apart('pretrain', PretrainJob.model_validate_json(Path(sys.argv[1]).read_bytes()))"
    )
    (tmp_path / "wanted.json").write_text(wanted.model_dump_json())
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "wanted.json")],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        start_new_session=True,
    )
    wait_for(process, "curve.jsonl", tmp_path)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"KeyboardInterrupt" in errors
    (checkpoint,) = (tmp_path / "steps").glob("checkpoint-*")
    assert (checkpoint / "whole").exists()

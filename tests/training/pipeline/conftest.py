"""A project, and a run of it with everything that a recipe can have."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.gate_record import GateVerdict
from tests.training.pipeline.small import RECIPE, Fakes, write_project, write_recipe, write_tasks
from training.pipeline.runner import run_recipe

FUNCTION = """-- Adds the number {0} to a value that somebody gives, and gives back the sum.
local function add_{0}(value)
  local sum = value + {0}
  return sum
end

return add_{0}
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project; copied by those that change it."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    folder = tmp_path_factory.mktemp("project")
    write_project(folder)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A project of one's own, not run yet."""
    return Path(shutil.copytree(made, tmp_path / "project"))


@pytest.fixture(scope="session")
def finished(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose recipe ran to its end, in `run`."""
    folder = tmp_path_factory.mktemp("finished") / "project"
    shutil.copytree(made, folder)
    fakes = Fakes()
    assert run_recipe(folder / "recipe.yaml", folder / "run", fakes.tools()) is GateVerdict.PASSED
    assert fakes.said[-1] == "report: begins"
    return folder


@pytest.fixture
def ran(finished: Path) -> Iterator[Path]:
    """A finished run in its own place, since paths are among what a recipe says; put back afterwards."""
    kept = finished.with_name("kept")
    shutil.copytree(finished, kept, symlinks=True)
    yield finished
    shutil.rmtree(finished)
    kept.rename(finished)


@pytest.fixture(scope="session")
def whole(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Fakes]:
    """A run with LoRA, adapters merged, a scan over the scale, tuning, and the instruct model pre-trained."""
    folder = tmp_path_factory.mktemp("whole") / "project"
    shutil.copytree(made, folder)
    for package in range(8):
        (folder / "code" / f"package{package}" / "documented.lua").write_text(FUNCTION.format(package))
    write_tasks(folder / "development.jsonl", {"development": 10})
    arms = {name: {"model": name, "strategy": "completion"} for name in ("tuned", "instruct-pretrained")}
    fitted = {name: RECIPE["pretrain"][name] for name in ("row_tokens", "tokens_per_step", "epochs")}
    write_recipe(
        folder,
        pretrain={**RECIPE["pretrain"], "lora": {"rank": 2, "alpha": 2}},
        tune={"pairs": {"languages": ["lua"]}, **fitted},
        transfer={"scan": {"scales": [0.5, 1.0, 1.5], "benchmark": "development.jsonl", "strategy": "completion"}},
        pretrain_instruct=True,
        evaluate={**RECIPE["evaluate"], "arms": {**RECIPE["evaluate"]["arms"], **arms}},
    )
    fakes = Fakes()
    run_recipe(folder / "recipe.yaml", folder / "run", fakes.tools())
    return folder, fakes

"""The model that `make serve` serves: every byte of its weights made again from its parents."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from core.checkpoint import read_manifest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "examples" / "models"
SERVED = ROOT / "server" / "embedded_model"
PARENTS = {role: MODELS / f"embedded-{role}" for role in ("base", "instruct", "pretrained")}


def verified(parents: dict[str, Path]) -> tuple[int, str]:
    words = [f"{role}={folder}" for role, folder in parents.items()]
    result = CliRunner().invoke(app, ["checkpoint", "verify", str(SERVED), "--recompute", "--parents", *words])
    return result.exit_code, result.output + str(result.exception or "")


def test_it_is_the_sum_of_its_parents() -> None:
    transfer = read_manifest(SERVED).transfer
    assert transfer is not None
    assert transfer.method == "difference"
    assert set(transfer.parents) == set(PARENTS)
    code, said = verified(PARENTS)
    assert code == 0, said


def test_other_parents_are_told_apart() -> None:
    code, said = verified({**PARENTS, "pretrained": PARENTS["base"]})
    assert code != 0
    assert "is not the file that" in said

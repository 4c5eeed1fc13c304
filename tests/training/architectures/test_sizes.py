"""What `--dry-run` takes for a model's size, where its weights lie there and where only its configuration does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.training.architectures.conftest import FAMILIES, Family, Trained
from training.pipeline.estimates import adapter_parameters
from training.pipeline.models import model_shape


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_configuration_alone_gives_the_size_that_headers_give(tmp_path: Path, family: Family) -> None:
    whole = family.save(tmp_path / "whole", 1)
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copyfile(whole / "config.json", alone / "config.json")
    found, guessed = model_shape(whole), model_shape(alone)
    assert guessed.parameters == pytest.approx(found.parameters, rel=0.001)
    assert guessed.stored_bytes == pytest.approx(found.stored_bytes, rel=0.001)
    assert sorted(guessed.matrices) == sorted(found.matrices)
    assert (guessed.layers, guessed.hidden, guessed.vocabulary) == (2, 32, 272)


def test_an_adapter_has_as_many_parameters_as_was_estimated(trained: Trained) -> None:
    written = load_file(str(trained.adapter / "adapter_model.safetensors"))
    assert adapter_parameters(model_shape(trained.base), 4) == sum(tensor.numel() for tensor in written.values())

"""A model folder that is whole, and every way in which one is not."""

import json
from pathlib import Path

import pytest

from cli.model_check import check_embedded_model, problem_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("config.json", "tokenizer.json", "vernacular.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    header = json.dumps({"__metadata__": {}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    return tmp_path


def test_a_whole_folder_is_ok(folder: Path) -> None:
    assert problem_of(folder) == ""
    assert check_embedded_model(folder).state == "ok"


def test_a_missing_folder_names_what_it_lacks_and_how_to_get_it(tmp_path: Path) -> None:
    finding = check_embedded_model(tmp_path / "nowhere")
    assert (finding.state, finding.needed_for) == ("bad", "serving")
    assert "model.safetensors" in finding.detail
    assert finding.remedy == "git checkout -- server/embedded_model"


def test_weights_cut_short_say_both_sizes(folder: Path) -> None:
    weights = folder / "model.safetensors"
    size = weights.stat().st_size
    weights.write_bytes(weights.read_bytes()[:-3])
    assert problem_of(folder) == f"{weights}: {size - 3} bytes, its header promises {size}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        (2**40).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
    ],
)
def test_a_damaged_header_is_said(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    assert "header" in problem_of(folder)


def test_a_file_that_is_no_json_is_said(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    assert "tokenizer.json" in problem_of(folder)

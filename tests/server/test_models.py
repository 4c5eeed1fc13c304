"""Model folders that cannot be loaded are refused with one clear line, before anything is started."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from core.errors import CheckpointError, ConfigError, TemplateError, UnknownNameError, VernacularError
from server.models.checks import check_context, check_folder, context_limit
from server.models.description import describe
from server.models.folder import hub_folder, local_folder
from server.tokens.rendering import TokenRenderer


def cut(path: Path, by: int) -> None:
    path.write_bytes(path.read_bytes()[:-by])


def corrupt_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[9:12] = b"\x00\xff{"
    path.write_bytes(data)


def huge_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 2**63) + b"{}")


def lost_shard(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda f: (f / "config.json").unlink(), "has no config.json"),
    "config is no JSON": (lambda f: (f / "config.json").write_text("{"), "config.json is not readable JSON"),
    "no architecture": (lambda f: (f / "config.json").write_text("{}"), "names no architectures"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer.json"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors"),
    "cut short": (lambda f: cut(f / "model.safetensors", 3), r"is cut short: \d+ bytes, its header says \d+"),
    "cut in the header": (lambda f: cut(f / "model.safetensors", 20), "has a corrupt header"),
    "empty": (lambda f: (f / "model.safetensors").write_bytes(b""), "has a corrupt header"),
    "corrupt header": (corrupt_header, "has a corrupt header"),
    "huge header": (huge_header, "has a corrupt header"),
    "lost shard": (lost_shard, r"model-00002-of-00002.safetensors is missing"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder(model_folder: Path, damage: str) -> None:
    check_folder(model_folder)
    spoil, message = DAMAGE[damage]
    spoil(model_folder)
    with pytest.raises(CheckpointError, match=message) as caught:
        check_folder(model_folder)
    assert "\n" not in str(caught.value)
    assert str(model_folder) in str(caught.value)


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        ({"max_position_embeddings": 2048}, 2048),
        ({"n_positions": 1024}, 1024),
        ({"max_position_embeddings": 32768, "rope_scaling": {"type": "yarn", "factor": 4.0}}, 131072),
        ({"text_config": {"max_position_embeddings": 512}}, 512),
    ],
)
def test_context_limit(config: dict[str, Any], limit: int) -> None:
    assert context_limit(config, Path("model")) == limit


@pytest.mark.parametrize("scaling", ["yarn", {"type": "yarn", "factor": None}])
def test_malformed_scaling_of_positions(scaling: object) -> None:
    with pytest.raises(CheckpointError, match="malformed rope_scaling"):
        context_limit({"max_position_embeddings": 2048, "rope_scaling": scaling}, Path("model"))


@pytest.mark.parametrize("added", [[{"id": 1}], [7], [{"id": "x", "content": "<a>"}]])
def test_a_malformed_tokenizer(model_folder: Path, added: list[object]) -> None:
    path = model_folder / "tokenizer.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "added_tokens": added}))
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is malformed"):
        TokenRenderer.from_folder(model_folder)


def test_a_longer_context_than_the_model_takes() -> None:
    check_context(2048, 2048, Path("m"))
    with pytest.raises(CheckpointError, match=r"--max-model-len 4096 is more than the model takes; .* at most 2048"):
        check_context(4096, 2048, Path("m"))


@pytest.mark.parametrize(("model", "message"), [("no/such/folder", "no such folder"), ("??", "no such folder")])
def test_a_name_that_means_nothing(model: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        local_folder(model)


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ConfigError, match="is a file; name the folder"):
        local_folder(str(tmp_path / "model.safetensors"))


def test_a_hub_id_is_no_folder_and_offline_is_a_clear_line() -> None:
    assert local_folder("Qwen/Qwen2.5-Coder-1.5B") is None
    reports: list[str] = []
    with pytest.raises(CheckpointError, match="not in the local cache, and the hub cannot be reached") as caught:
        hub_folder("example-organisation/no-such-model", reports.append)
    assert "\n" not in str(caught.value)
    assert reports == ["downloading example-organisation/no-such-model"]


@pytest.fixture
def renderer(qwen_tokenizer: Tokenizer) -> TokenRenderer:
    return TokenRenderer(json.loads(qwen_tokenizer.to_str()))


def test_the_template_is_by_option_then_manifest_then_name(tmp_path: Path, renderer: TokenRenderer) -> None:
    assert describe(tmp_path, renderer, {}, "Qwen/Qwen2.5-Coder-7B").template.name == "qwen2.5-coder"
    assert describe(tmp_path, renderer, {"_name_or_path": "x/qwen2-y"}, "m").template.name == "qwen2.5-coder"
    (tmp_path / "vernacular.json").write_text('{"template": "embedded-spm", "name": "ours", "bytes_per_token": 3.7}')
    described = describe(tmp_path, renderer, {}, "Qwen/Qwen2.5-Coder-7B")
    assert (described.template.name, described.name, described.bytes_per_token) == ("embedded-spm", "ours", 3.7)
    assert describe(tmp_path, renderer, {}, "m", "embedded-psm").template.name == "embedded-psm"
    (tmp_path / "vernacular.json").write_text('{"template": ')
    with pytest.raises(CheckpointError, match=r"vernacular.json is not readable JSON .*; copy it again"):
        describe(tmp_path, renderer, {}, "m")


def test_the_typing_layout_is_by_option_then_manifest_then_with_the_prefix(
    tmp_path: Path, renderer: TokenRenderer
) -> None:
    def apart(**options: str) -> bool:
        return describe(tmp_path, renderer, {}, "qwen2.5-coder", **options).template.typed_is_apart

    assert (apart(), apart(typing_layout="middle")) == (False, True)
    (tmp_path / "vernacular.json").write_text(json.dumps({"typing_layout": "middle"}))
    assert (apart(), apart(typing_layout="prefix")) == (True, False)
    assert not apart(template="embedded-spm"), "typing only appends to it already"
    (tmp_path / "vernacular.json").write_text(json.dumps({"typing_layout": "midle"}))
    with pytest.raises(UnknownNameError, match=r"unknown typing layout 'midle' \(did you mean 'middle'"):
        apart()


def test_bytes_per_token_are_measured(tmp_path: Path, renderer: TokenRenderer) -> None:
    assert 1 < describe(tmp_path, renderer, {}, "qwen2").bytes_per_token < 6


@pytest.mark.parametrize(
    ("template", "error", "message"),
    [
        (None, TemplateError, "no fill-in-the-middle template is known for a model called"),
        ("qwen", UnknownNameError, "unknown fill-in-the-middle template 'qwen'"),
        ("codellama", TemplateError, "needs <s>, ▁<PRE>, ▁<SUF>, ▁<MID>, which the tokenizer does not hold"),
    ],
)
def test_templates_that_cannot_be(
    tmp_path: Path, renderer: TokenRenderer, template: str | None, error: type[VernacularError], message: str
) -> None:
    with pytest.raises(error, match=message):
        describe(tmp_path, renderer, {}, None, template)

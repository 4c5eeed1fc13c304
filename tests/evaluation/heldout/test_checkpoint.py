"""A checkpoint as predictor, with a tiny random model that the test makes, and the whole run through the command."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

from cli.main import app  # noqa: E402
from core.errors import CheckpointError, ConfigError, TemplateError, UnknownNameError  # noqa: E402
from core.languages import LanguageSpec  # noqa: E402
from evaluation.heldout.checkpoint import Checkpoint  # noqa: E402
from evaluation.heldout.positions import HeldOutDocument, InfillTask, Kind, sample_tasks  # noqa: E402

SPECIALS = ["<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|repo_name|>", "<|file_sep|>"]
TEXT = "local function add(first, second)\n  local total = first + second\n  return total\nend\n\n"
SPEC = LanguageSpec(name="lua", display_name="Lua", line_comments=("--",))
DOCUMENTS = [
    HeldOutDocument(language="lua", package="p", path=f"{n}.lua", text=TEXT.replace("total", f"sum{n}") * 6)
    for n in range(4)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers, random weights; the tokenizer is trained on the text above."""
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=SPECIALS,
        initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    transformers.Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def quiet(_: int) -> None: ...


def tasks(kind: Kind = Kind.SINGLE_LINE, count: int = 6) -> list[InfillTask]:
    return sample_tasks(DOCUMENTS, SPEC, kind, count, seed=1)


@pytest.mark.parametrize("template", ["embedded-psm", "embedded-spm", "left-to-right"])
@pytest.mark.parametrize("heal", [True, False])
def test_batches_and_single_rows_agree(folder: Path, template: str, heal: bool) -> None:
    checkpoint = Checkpoint(folder, template, heal=heal, threads=1)
    together = checkpoint.predict(tasks(), quiet)
    alone = [checkpoint.predict([task], quiet)[0] for task in tasks()]
    assert [prediction.text for prediction in together] == [prediction.text for prediction in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.confidence == pytest.approx(other.confidence, rel=1e-3)
        assert 0 < one.confidence <= 1
        assert "\n" not in one.text


def test_greedy_is_what_transformers_generates(folder: Path) -> None:
    """Without healing, on one prompt, the same tokens as `generate`."""
    checkpoint = Checkpoint(folder, "left-to-right", heal=False, threads=1)
    task = InfillTask(kind=Kind.MULTI_LINE, document=DOCUMENTS[0], start=40, end=140)
    text = checkpoint.predict([task], quiet)[0].text
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = torch.tensor([tokenizer.encode(task.prefix).ids])
    generated = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=60, do_sample=False)
    expected = tokenizer.decode(generated[0, ids.shape[1] :].tolist())
    assert text
    assert "\n".join(expected.split("\n")[: task.lines])[:60].startswith(text[:60].rstrip("\ufffd"))


def test_a_healed_answer_begins_with_what_was_typed(folder: Path) -> None:
    """The half word `to` of `total`: the model may answer only what continues it."""
    checkpoint = Checkpoint(folder, "embedded-psm", threads=1)
    row = checkpoint._row(0, InfillTask(kind=Kind.SINGLE_LINE, document=DOCUMENTS[0], start=12, end=33))
    assert row.healed
    assert DOCUMENTS[0].text[:12].encode().endswith(row.healed)
    checkpoint._generate([row])
    assert row.answer.startswith(row.healed)


def test_the_typed_part_may_stand_behind_the_middle_token(folder: Path) -> None:
    checkpoint = Checkpoint(folder, "embedded-psm", heal=False, typed_after_middle=True, threads=1)
    task = InfillTask(kind=Kind.SINGLE_LINE, document=DOCUMENTS[0], start=len("local function"), end=33)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = checkpoint._row(0, task).ids
    middle = ids.index(tokenizer.token_to_id("<|fim_middle|>"))
    assert tokenizer.decode(ids[middle + 1 :]) == "local function"
    assert "typed part after the middle token" in checkpoint.name


def test_prompts_fit_the_context(folder: Path) -> None:
    checkpoint = Checkpoint(folder, "embedded-spm", context_tokens=300, threads=1)
    for task in tasks(Kind.MULTI_LINE):
        row = checkpoint._row(0, task)
        assert len(row.ids) + row.most <= 300


def test_bits_per_byte_of_a_model_that_knows_nothing(folder: Path) -> None:
    """Nearly uniform over the vocabulary: log2 of its size for each token, whatever the windows."""
    checkpoint = Checkpoint(folder, "left-to-right", context_tokens=64, threads=1)
    ids = checkpoint._renderer.encode(DOCUMENTS[0].text)
    text_bytes = len(DOCUMENTS[0].text.encode())
    uniform = math.log2(330) * (len(ids) - 1) / text_bytes
    assert checkpoint.bits_per_byte(DOCUMENTS[:1]) == pytest.approx(uniform, rel=0.1)
    wide = Checkpoint(folder, "left-to-right", context_tokens=512, threads=1)
    whole = wide._bits(ids[:500], 1)
    short = [HeldOutDocument(language="lua", package="p", path="x", text="local x = 1\n")]
    assert math.isfinite(wide.bits_per_byte(short))
    assert whole > 0


def test_a_folder_that_is_no_checkpoint(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(CheckpointError, match="has no tokenizer"):
        Checkpoint(tmp_path, "embedded-psm")
    with pytest.raises(TemplateError, match="starcoder2"):
        Checkpoint(folder, "starcoder2")
    with pytest.raises(UnknownNameError, match="did you mean 'embedded-psm'"):
        Checkpoint(folder, "embedded-psn")
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        Checkpoint(tmp_path, "embedded-psm")


def jsonl(path: Path, documents: list[HeldOutDocument]) -> Path:
    path.write_text("".join(document.model_dump_json() + "\n" for document in documents), encoding="utf-8")
    return path


def test_the_whole_run_through_the_command(folder: Path, tmp_path: Path) -> None:
    heldout, train = jsonl(tmp_path / "h.jsonl", DOCUMENTS), jsonl(tmp_path / "t.jsonl", DOCUMENTS[:2])
    output = tmp_path / "report.json"
    arguments = ["heldout", str(heldout), "--train", str(train), "--model", str(folder)]
    arguments += ["--template", "embedded-psm", "--template", "left-to-right", "--positions", "8", "--threads", "1"]
    result = CliRunner().invoke(app, [*arguments, "--output", str(output)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    report = json.loads(output.read_text())
    names = {row["predictor"] for row in report["rows"]}
    assert names == {"model, embedded-psm", "model, left-to-right", "5-gram", "earlier line"}
    assert len(report["rows"]) == 2 * 4 * 8
    assert set(report["bits_per_byte"]) == {"lua"}
    for summary in report["summaries"]:
        rows = [
            row for row in report["rows"] if (row["predictor"], row["kind"]) == (summary["predictor"], summary["kind"])
        ]
        assert summary["exact"] == pytest.approx(sum(row["exact"] for row in rows) / len(rows))
        assert summary["edit"] == pytest.approx(sum(row["edit"] for row in rows) / len(rows))
    assert {c["first"] for c in report["comparisons"]} == {"model, embedded-psm", "model, left-to-right"}
    assert {c["second"] for c in report["comparisons"]} == {"5-gram", "earlier line"}
    assert {"date", "machine", "versions", "files", "settings"} <= set(report)
    assert report["settings"]["templates"] == ["embedded-psm", "left-to-right"]
    assert all(len(digest) == 64 for digest in report["files"].values())


def test_beside_the_checkpoint_before(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.json"
    arguments = [
        "heldout",
        str(jsonl(tmp_path / "h.jsonl", DOCUMENTS)),
        "--positions",
        "4",
        "--no-bits",
        "--threads",
        "1",
    ]
    arguments += ["--model", str(folder), "--before", str(folder), "--output", str(output)]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    report = json.loads(output.read_text())
    same = [found for found in report["comparisons"] if found["second"] == "before: model, embedded-psm"]
    assert len(same) == 4
    assert all((found["first"], found["mean"], found["real"]) == ("model, embedded-psm", 0, False) for found in same)


def test_without_a_model_the_baselines_run_alone(tmp_path: Path) -> None:
    heldout = jsonl(tmp_path / "h.jsonl", DOCUMENTS)
    result = CliRunner().invoke(app, ["heldout", str(heldout)], catch_exceptions=False)
    assert result.exit_code == 0
    assert "5-gram" in result.output


def test_a_users_mistakes(tmp_path: Path) -> None:
    heldout = jsonl(tmp_path / "h.jsonl", DOCUMENTS)

    def error(*arguments: str) -> Exception:
        result = CliRunner().invoke(app, ["heldout", str(heldout), *arguments])
        assert isinstance(result.exception, Exception)
        return result.exception

    assert isinstance(missing := error("--model", str(tmp_path / "nowhere")), ConfigError)
    assert "no such folder" in str(missing)
    (tmp_path / "t.jsonl").write_text("{}\n")
    assert "t.jsonl:1: is no document" in str(error("--train", str(tmp_path / "t.jsonl")))
    comments = [HeldOutDocument(language="lua", package="p", path="c", text="-- nothing\n")]
    jsonl(heldout, comments)
    assert "no single-line positions in the lua files" in str(error())
    jsonl(heldout, [comments[0].model_copy(update={"language": "lau"})])
    assert "unknown language 'lau' (did you mean 'lua'?)" in str(error())

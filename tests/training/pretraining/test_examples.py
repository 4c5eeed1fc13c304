"""From documents to sequences: the family's own template, nothing lost, shares as asked, the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.templates import TEMPLATES
from core.errors import ConfigError, TemplateError
from server.tokens.rendering import TokenRenderer
from tests.training.pretraining.conftest import QWEN_TOKENS, write_corpus
from tests.training.small_models import save_model
from training.documents import Document
from training.fitting.sequences import IGNORED, TokenSequence
from training.pretraining.documents import DocumentFile, in_random_order, open_corpus
from training.pretraining.examples import ExampleMaker
from training.pretraining.run import Documents, held_out, pretrain
from training.pretraining.settings import FimSettings, PretrainJob, PretrainSettings

STARCODER = ("<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<repo_name>", "<file_sep>", "<|endoftext|>")
DEEPSEEK = ("<｜begin▁of▁sentence｜>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜end▁of▁sentence｜>")
TEXT = "rule price\n  gives 7 EUR.\n\nrule fee\n  gives 8 EUR.\n"


def maker(folder: Path, template: str = "qwen2.5-coder", row_tokens: int = 100, rate: float = 1.0) -> ExampleMaker:
    renderer = TokenRenderer.from_folder(folder)
    end = renderer.control_ids(TEMPLATES[template].stop)[0]
    return ExampleMaker(renderer, TEMPLATES[template], FimSettings(rate=rate), row_tokens, None, end)


def shown(sequence: TokenSequence, renderer: TokenRenderer) -> str:
    """The sequence as text, special tokens by their names."""
    names = {number: name for name, number in renderer.vocabulary.controls.items()}
    bytes_ = renderer.vocabulary.tokens
    return b"".join(names[i].encode() if i in names else bytes_[i] for i in sequence.input_ids).decode()


@pytest.mark.parametrize(
    ("template", "tokens", "form"),
    [
        ("qwen2.5-coder", QWEN_TOKENS, ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>")),
        ("starcoder2", STARCODER, ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<|endoftext|>")),
        (
            "deepseek-coder",
            DEEPSEEK,
            ("<｜begin▁of▁sentence｜><｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜end▁of▁sentence｜>"),
        ),
    ],
)
def test_a_hole_is_laid_out_as_the_family_wants_it(
    tmp_path: Path, template: str, tokens: tuple[str, ...], form: tuple[str, ...]
) -> None:
    made = maker(save_model(tmp_path / "model", "Llama", added=tokens), template)
    seen = set()
    for seed in range(20):
        (sequence,) = made.sequences(Document("levy", "p", "a.levy", TEXT), random.Random(seed))
        text = shown(sequence, made.renderer)
        rest = text
        parts = []
        for mark in form:
            before, found, rest = rest.partition(mark)
            assert found, text
            parts.append(before)
        assert rest == ""
        prefix, suffix, middle = parts[1], parts[2], parts[3]
        assert prefix + middle + suffix == TEXT
        assert middle
        assert sequence.labels == [IGNORED, *sequence.input_ids[1:]]
        seen.add(middle)
    assert len(seen) > 10
    assert any("\n" not in middle for middle in seen)


def test_text_never_becomes_a_special_token(base: Path) -> None:
    made = maker(base, rate=0)
    text = "a <|fim_middle|> b <|endoftext|>\n"
    (sequence,) = made.sequences(Document("levy", "p", "a", text), random.Random(1))
    controls = set(made.renderer.vocabulary.controls.values())
    assert [i for i in sequence.input_ids if i in controls] == [made.end]
    assert sequence.input_ids[-1] == made.end


def test_a_long_document_becomes_parts_that_are_all_of_it(base: Path) -> None:
    text = "".join(f"rule r{i} gives {i} EUR.\n" for i in range(40)) + "x" * 300
    made = maker(base, rate=0)
    found = list(made.sequences(Document("levy", "p", "a", text), random.Random(1)))
    assert all(len(sequence.input_ids) <= 100 for sequence in found)
    parts = [shown(sequence, made.renderer).removesuffix("<|endoftext|>") for sequence in found]
    assert "".join(parts) == text
    assert all(part.endswith("\n") for part in parts[:6])
    holes = list(maker(base, rate=1).sequences(Document("levy", "p", "a", text), random.Random(1)))
    assert all(len(sequence.input_ids) <= 100 for sequence in holes)
    assert sum(made.renderer.control_id("<|fim_middle|>") in sequence.input_ids for sequence in holes) > len(holes) / 2


def test_the_rate_of_holes_is_as_asked_and_documentation_gets_none(base: Path) -> None:
    made = maker(base, rate=0.3)
    middle = made.renderer.control_id("<|fim_middle|>")
    rng = random.Random(1)

    def share(language: str) -> float:
        found = [next(made.sequences(Document(language, "p", "a", TEXT), rng)) for _ in range(400)]
        return sum(middle in sequence.input_ids for sequence in found) / 400

    assert 0.24 < share("levy") < 0.36
    assert share("text") == 0


def epoch_of(made: ExampleMaker, corpus: Path, replay: Path | None = None, **options: object) -> Documents:
    chosen: dict[str, object] = {"repeats": {}, "replay_share": 0.0, "seed": 1} | options
    others = open_corpus(replay, "train") if replay else []
    return Documents(made, open_corpus(corpus, "train"), others, **chosen)  # type: ignore[arg-type]


def test_order_and_holes_depend_on_seed_and_epoch_alone(base: Path, corpus: Path) -> None:
    made = maker(base, rate=0.5, row_tokens=2000)
    first = list(epoch_of(made, corpus).sequences(0))
    assert first == list(epoch_of(made, corpus).sequences(0))
    assert first != list(epoch_of(made, corpus).sequences(1))
    assert first != list(epoch_of(made, corpus, seed=2).sequences(0))
    assert len(first) == 13


def test_repeats_and_the_share_of_replay_are_as_asked(base: Path, corpus: Path, tmp_path: Path) -> None:
    made = maker(base, rate=0, row_tokens=2000)
    general = write_corpus(tmp_path / "general", "python", train=20, word="def")
    texts = [shown(s, made.renderer) for s in epoch_of(made, corpus, repeats={"levy": 2, "text": 0}).sequences(0)]
    assert len(texts) == 24
    assert len(set(texts)) == 12
    mixed = list(epoch_of(made, corpus, general, replay_share=0.25).sequences(0))
    replayed = sum(len(s.input_ids) for s in mixed if "def-" in shown(s, made.renderer))
    assert 0.2 < replayed / sum(len(s.input_ids) for s in mixed) < 0.32
    other_epoch = list(epoch_of(made, corpus, general, replay_share=0.25).sequences(1))
    assert {shown(s, made.renderer) for s in mixed} != {shown(s, made.renderer) for s in other_epoch}


def test_documents_come_in_an_order_of_the_seed_without_loss(corpus: Path) -> None:
    files = open_corpus(corpus, "train")

    def paths(seed: str) -> list[tuple[str, str]]:
        return [(document.language, document.path) for document in in_random_order(files, {}, seed)]

    assert paths("1") == paths("1") != paths("2")
    assert sorted(paths("1")) == sorted(paths("2"))
    assert len(set(paths("1"))) == 13


def test_held_out_texts_count_the_bytes_of_what_is_predicted(base: Path, corpus: Path) -> None:
    made = maker(base)
    texts = held_out(corpus, made, 1)
    assert set(texts.sequences) == {"levy", "text"}
    for group, sequences in texts.sequences.items():
        assert texts.bytes[group] == sum(len(s.input_ids) - 1 for s in sequences)  # a token a byte here
        assert all(len(s.input_ids) <= 100 for s in sequences)


def test_what_is_wrong_is_said_before_anything_is_trained(base: Path, corpus: Path, tmp_path: Path) -> None:
    def run(model: Path = base, corpus: Path = corpus, **options: object) -> None:
        settings = PretrainSettings(row_tokens=64, tokens_per_step=64, **options)
        pretrain(PretrainJob(model=str(model), corpus=corpus, settings=settings, folder=tmp_path / "fit"))

    with pytest.raises(ConfigError, match=r"holds no corpus \(corpus\.json is missing\)"):
        run(corpus=tmp_path)
    with pytest.raises(ConfigError, match="holds nothing to train on; its README"):
        run(corpus=write_corpus(tmp_path / "empty", "levy", train=0, held_out=0))
    with pytest.raises(ConfigError, match=r"replay_share is 0\.2, and there is no replay corpus"):
        run(replay_share=0.2)
    with pytest.raises(ConfigError, match="'r' is one token already"):
        run(new_tokens={"tokens": ["r"]})
    with pytest.raises(ConfigError, match="looks like a special token"):
        run(new_tokens={"tokens": ["<rule>"]})
    other = save_model(tmp_path / "nameless", "Llama")
    with pytest.raises(TemplateError, match="no fill-in-the-middle template is known"):
        run(model=other)
    with pytest.raises(TemplateError, match="needs <repo_name>, <file_sep>, <fim_prefix>"):
        run(fim={"template": "starcoder2"})


def test_a_file_of_documents_keeps_only_their_places(corpus: Path) -> None:
    file = DocumentFile.opened(corpus / "train-levy.jsonl")
    numbers: Iterator[int] = iter([5, 0])
    assert [document.path for document in file.documents(numbers)] == ["train5.x", "train0.x"]
    assert file.starts.nbytes == 8 * 12

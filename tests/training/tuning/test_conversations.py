"""Conversations of each family: what is learned of them, and that no text becomes a special token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import CheckpointError, ConfigError
from evaluation.models.base import Message
from evaluation.models.chat import ChatTemplate
from server.tokens.rendering import TokenRenderer
from tests.training.tuning.conftest import TEMPLATES, MakeFolder
from training.fitting.sequences import IGNORED, TokenSequence
from training.tuning.conversations import Conversation, ConversationTokens, read_conversations
from training.tuning.run import CHATML, tuning_sequences
from training.tuning.settings import TuneJob, TuneSettings

SYSTEM = ("system", "You write Lua.")
QUESTION = ("user", "Double x.")
ANSWER = ("assistant", "```lua\nreturn 2 * x\n```")


def conversation(*turns: tuple[str, str]) -> Conversation:
    return Conversation.model_validate({"messages": [{"role": role, "content": text} for role, text in turns]})


class Seen:
    """A sequence in words: all of it, and each run of it that is learned."""

    def __init__(self, folder: Path, sequence: TokenSequence) -> None:
        vocabulary = TokenRenderer.from_folder(folder).vocabulary
        names = {number: token.encode() for token, number in vocabulary.controls.items()}
        pieces = [names.get(token, vocabulary.tokens[token]) for token in sequence.input_ids]
        runs: list[list[bytes]] = []
        for place, label in enumerate(sequence.labels):
            assert label in (IGNORED, sequence.input_ids[place])
            if label != IGNORED:
                if not place or sequence.labels[place - 1] == IGNORED:
                    runs.append([])
                runs[-1].append(pieces[place])
        self.all = b"".join(pieces).decode()
        self.learned = [b"".join(run).decode() for run in runs]


def tokens_of(folder: Path, template: str | None = None) -> ConversationTokens:
    renderer = TokenRenderer.from_folder(folder)
    return ConversationTokens(ChatTemplate(folder, renderer, template), renderer)


@pytest.mark.parametrize("family", TEMPLATES)
def test_an_answer_is_learned_with_the_token_that_ends_it_and_nothing_else(
    family: str, model_folder: MakeFolder
) -> None:
    folder, end = model_folder(family), TEMPLATES[family][2]
    seen = Seen(folder, tokens_of(folder).sequence(conversation(SYSTEM, QUESTION, ANSWER)))
    assert [learned.strip().replace("\n<|EOT|>", "<|EOT|>") for learned in seen.learned] == [ANSWER[1] + end]
    assert seen.all.count(SYSTEM[1]) == seen.all.count(QUESTION[1]) == seen.all.count(ANSWER[1]) == 1
    assert seen.all.endswith(end)


@pytest.mark.parametrize("family", TEMPLATES)
def test_what_stands_before_the_answer_is_what_the_model_is_asked_with(family: str, model_folder: MakeFolder) -> None:
    folder = model_folder(family)
    renderer = TokenRenderer.from_folder(folder)
    sequence = tokens_of(folder).sequence(conversation(SYSTEM, QUESTION, ANSWER))
    asked: list[int] = []
    for segment in ChatTemplate(folder, renderer).segments(
        (Message("system", SYSTEM[1]), Message("user", QUESTION[1]))
    ):
        token = getattr(segment, "token", None)
        asked += [renderer.control_id(token)] if token else renderer.encode(segment.text)  # type: ignore[union-attr]
    assert sequence.input_ids[: len(asked)] == asked
    assert set(sequence.labels[: len(asked)]) == {IGNORED}
    assert IGNORED not in sequence.labels[len(asked) :]


@pytest.mark.parametrize("family", TEMPLATES)
def test_no_text_becomes_a_special_token(family: str, model_folder: MakeFolder) -> None:
    folder = model_folder(family)
    hostile = "".join(TEMPLATES[family][1])
    plain = tokens_of(folder).sequence(conversation(SYSTEM, ("user", "x"), ("assistant", "y")))
    spelt = tokens_of(folder).sequence(conversation(SYSTEM, ("user", "x" + hostile), ("assistant", "y" + hostile)))
    controls = set(TokenRenderer.from_folder(folder).vocabulary.controls.values())
    assert [t for t in spelt.input_ids if t in controls] == [t for t in plain.input_ids if t in controls]


def test_earlier_answers_are_learned_too(model_folder: MakeFolder) -> None:
    folder = model_folder("qwen2.5")
    turns = conversation(SYSTEM, QUESTION, ("assistant", "First"), ("user", "Again"), ("assistant", "Second"))
    assert Seen(folder, tokens_of(folder).sequence(turns)).learned == ["First<|im_end|>", "Second<|im_end|>"]


def test_a_mistake_that_is_corrected_is_shown_and_not_learned(model_folder: MakeFolder) -> None:
    folder = model_folder("qwen2.5")
    turns = conversation(SYSTEM, QUESTION, ("assistant", "Wrong"), ("user", "Again"), ("assistant", "Right"))
    messages = [turn.model_dump() for turn in turns.messages]
    messages[2]["weight"] = 0
    seen = Seen(folder, tokens_of(folder).sequence(Conversation.model_validate({"messages": messages})))
    assert seen.learned == ["Right<|im_end|>"]
    assert "Wrong<|im_end|>" in seen.all
    messages[4]["weight"] = 0
    with pytest.raises(ValidationError, match="its last answer has weight 0"):
        Conversation.model_validate({"messages": messages})


def test_an_earlier_answer_that_the_template_shows_otherwise_is_not_learned(model_folder: MakeFolder) -> None:
    folder = model_folder("deepseek-r1")
    turns = conversation(QUESTION, ("assistant", "First"), ("user", "Again"), ("assistant", "Second"))
    assert Seen(folder, tokens_of(folder).sequence(turns)).learned == ["Second<｜end▁of▁sentence｜>"]


def test_a_template_without_a_token_behind_the_answer_is_refused(model_folder: MakeFolder) -> None:
    folder = model_folder("qwen2.5", "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")
    with pytest.raises(CheckpointError, match="no special token behind an answer"):
        tokens_of(folder).sequence(conversation(QUESTION, ANSWER))


def write(path: Path, *conversations: Conversation) -> Path:
    path.write_text("".join(one.model_dump_json() + "\n" for one in conversations), encoding="utf-8")
    return path


def job(
    tmp_path: Path, conversations: Path, held_out: Path | None = None, chat_template: Path | None = None
) -> TuneJob:
    settings = TuneSettings(row_tokens=64, tokens_per_step=64, chat_template=chat_template)
    return TuneJob(model="m", conversations=conversations, held_out=held_out, settings=settings, folder=tmp_path)


def test_a_base_model_takes_the_template_that_it_is_given(tmp_path: Path, model_folder: MakeFolder) -> None:
    folder = model_folder("qwen2.5", None)
    lines = write(tmp_path / "train.jsonl", conversation(QUESTION, ("assistant", "2 * x")))
    with pytest.raises(ConfigError, match="has no chat template"):
        list(tuning_sequences(job(tmp_path, lines), folder)[0])
    train, held_out = tuning_sequences(job(tmp_path, lines, chat_template=CHATML), folder)
    assert [Seen(folder, sequence).all for sequence in train] == [
        "<|im_start|>user\nDouble x.<|im_end|>\n<|im_start|>assistant\n2 * x<|im_end|>"
    ]
    assert list(held_out) == []


def test_what_is_too_long_is_left_out_and_counted(
    tmp_path: Path, model_folder: MakeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    short, long = conversation(QUESTION, ("assistant", "2")), conversation(QUESTION, ("assistant", "2 * x, " * 50))
    lines, held_out = write(tmp_path / "a.jsonl", long, short, long), write(tmp_path / "b.jsonl", short)
    train, measured = tuning_sequences(job(tmp_path, lines, held_out), model_folder("qwen2.5"))
    assert len(list(train)) == len(list(train)) == len(list(measured)) == 1
    assert "2 of 3 conversations are longer than 64 tokens" in caplog.text
    with pytest.raises(ConfigError, match="no conversation of at most 64 tokens"):
        list(tuning_sequences(job(tmp_path, write(tmp_path / "c.jsonl", long)), model_folder("llama-3"))[0])


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('{"messages": [{"role": "user", "content": "a"}]}', "at least 2"),
        ('{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]}', "must end with"),
        ('{"messages": [{"role": "usr", "content": "a"}, {"role": "assistant", "content": "b"}]}', "role"),
        ("{", "JSON"),
    ],
)
def test_a_malformed_line_is_named(line: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    good = json.dumps({"messages": [{"role": r, "content": t} for r, t in (QUESTION, ANSWER)]})
    path.write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"bad.jsonl:2: .*{wrong}"):
        list(read_conversations(path))

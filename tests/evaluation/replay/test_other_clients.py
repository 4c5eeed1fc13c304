"""The naive client and the one like llama.vim, before servers that know the file."""

from __future__ import annotations

import random
from typing import Any

import pytest

from core.errors import ConfigError, ServerUnreachableError, UnknownNameError
from evaluation.replay.buffer import Buffer
from evaluation.replay.clients.llama_cache import LOOK_BACK, MAX_KEYS, AnswerCache
from evaluation.replay.clients.llama_place import place_of, shown_text
from evaluation.replay.clients.llama_ring import Ring, similarity
from evaluation.replay.clients.registry import client_named
from evaluation.replay.person import Verdict
from evaluation.replay.play import Passage, play
from evaluation.replay.records import Conditions, FileRecord
from evaluation.replay.rhythm import Rhythm
from tests.evaluation.replay.other_servers import Other, running
from tests.lsp.fake_server import reserved_port

TEXT = "".join(f"local value_{number} = compute({number}, value)\n" for number in range(3))
CONDITIONS = Conditions(client="test", rhythm=Rhythm(typos=0, jumps=0, thinking=0), speed=4)


def rest(before: str) -> str:
    """The rest of the line that `TEXT` has after this, as long as it is a beginning of it."""
    return TEXT[len(before) :].partition("\n")[0] if TEXT.startswith(before) else ""


def openai(body: dict[str, Any]) -> dict[str, Any]:
    before = body["prompt"].partition("<|fim_prefix|>")[2].partition("<|fim_suffix|>")[0]
    return {
        "choices": [{"text": rest(before) + "<|fim_pad|>"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 12}},
    }


def infill(body: dict[str, Any]) -> dict[str, Any]:
    before = (body["input_prefix"] + body["prompt"]).removeprefix("\n")
    return {"content": rest(before), "timings": {"prompt_n": 8, "cache_n": 12, "predicted_n": 5}}


async def replayed(name: str, other: Other, **settings: Any) -> FileRecord:
    client = client_named(name, other.url, settings=settings)
    try:
        return await play(Passage("file.lua", "lua", TEXT), client, CONDITIONS)
    finally:
        await client.close()


async def test_the_naive_client_asks_at_every_stroke_and_shows_the_raw_text() -> None:
    with running(Other(openai)) as other:
        record = await replayed("naive", other)
    assert record.finished
    assert record.saved > 0
    assert record.verdicts[Verdict.PART] >= 1  # the raw text ends in a special token
    assert record.usage.sent - record.usage.cancelled <= len(other.asked) <= record.usage.sent
    answered = record.usage.sent - record.usage.unknown
    assert (record.usage.prompt_tokens, record.usage.computed_tokens) == (20 * answered, 8 * answered)
    assert {path for path, _ in other.asked} == {"/v1/completions"}
    assert {body["model"] for _, body in other.asked} == {"qwen2.5-coder"}


async def test_the_naive_client_cuts_what_the_context_does_not_hold() -> None:
    passage = Passage("file.lua", "lua", "x = 1\n", before="before\n" * 2000, after="after\n" * 2000)
    with running(Other(openai)) as other:
        client = client_named("naive", other.url)
        await play(passage, client, CONDITIONS)
        await client.close()
    assert max(len(body["prompt"]) for _, body in other.asked) < 2.5 * 1024


async def test_the_naive_client_gives_up_the_request_before() -> None:
    with running(Other(openai, delay_s=1.0)) as other:
        record = await replayed("naive", other)
    assert record.usage.cancelled > record.strokes / 2
    assert record.usage.unknown == record.usage.cancelled


async def test_a_naive_server_that_refuses_is_counted() -> None:
    with running(Other(openai, status=400)) as other:
        record = await replayed("naive", other)
    assert record.usage.failed > 0
    assert record.saved == 0


async def test_llama_vim_asks_less_than_it_is_typed_and_asks_ahead() -> None:
    with running(Other(infill)) as other:
        record = await replayed("llama-vim", other)
    assert record.finished
    assert record.saved > 0
    assert record.usage.sent - record.usage.cancelled <= len(other.asked) <= record.usage.sent
    assert record.usage.computed_tokens == 8 * (record.usage.sent - record.usage.unknown)
    limits = {body["t_max_predict_ms"] for _, body in other.asked}
    assert limits == {250, 1000}  # the first at a place, and the speculative one
    assert all(body["cache_prompt"] and body["n_predict"] == 128 for _, body in other.asked)


async def test_llama_vim_with_a_template_asks_for_a_plain_completion() -> None:
    def completion(body: dict[str, Any]) -> dict[str, Any]:
        before = body["prompt"].partition("<|fim_middle|>")[2].removeprefix("\n")
        return {"content": rest(before), "timings": {"prompt_n": 8, "cache_n": 12, "predicted_n": 5}}

    with running(Other(completion)) as other:
        record = await replayed("llama-vim", other, template="embedded-spm")
    assert record.saved > 0
    assert {path for path, _ in other.asked} == {"/completion"}


@pytest.mark.parametrize("name", ["naive", "llama-vim"])
async def test_a_server_that_is_away_is_said_in_one_line(name: str) -> None:
    with reserved_port() as port:
        client = client_named(name, f"http://127.0.0.1:{port}")
        with pytest.raises(ServerUnreachableError, match="does not answer"):
            await play(Passage("file.lua", "lua", TEXT), client, CONDITIONS)
        await client.close()


def test_what_is_misspelt_is_said() -> None:
    with pytest.raises(UnknownNameError, match="llama-vim"):
        client_named("llama.vim")
    with pytest.raises(ConfigError, match="did you mean 'max_tokens'"):
        client_named("naive", settings={"max_token": 3})
    with pytest.raises(ConfigError, match="n_predict"):
        client_named("llama-vim", settings={"n_predict": 0})
    with pytest.raises(ConfigError, match="begins with http"):
        client_named("naive", "localhost:8000")
    with pytest.raises(UnknownNameError, match="neovim"):
        client_named("lsp", profile="vim")


def cache() -> AnswerCache:
    return AnswerCache(random.Random(1))


def test_the_cache_finds_an_answer_that_is_typed_along() -> None:
    kept = cache()
    kept.add("above\n", "val", "\n", "ue = 1")
    assert kept.find("above\n", "val", "\n") == "ue = 1"
    assert kept.find("above\n", "value", "\n") == " = 1"
    assert kept.find("above\n", "vault", "\n") == ""
    assert kept.find("above\n", "value", "other\n") == ""


def test_the_cache_looks_back_so_far_and_no_further() -> None:
    kept = cache()
    kept.add("", "", "\n", "x" * 300)
    assert kept.find("", "x" * LOOK_BACK, "\n") == "x" * (300 - LOOK_BACK)
    assert kept.find("", "x" * (LOOK_BACK + 1), "\n") == ""


def test_the_cache_knows_a_place_with_lines_less_above_and_stays_small() -> None:
    kept = cache()
    kept.add("1\n2\n3\n4\n5\n", "typed", "\n", "answer")
    assert kept.find("4\n5\n", "typed", "\n") == "answer"
    assert kept.find("5\n", "typed", "\n") == ""
    for number in range(MAX_KEYS):
        kept.add("", str(number), "\n", "answer")
    assert len(kept.answers) == MAX_KEYS


SHOWN = [
    # document with the cursor as a bar, answer, what is shown
    ("a = |\nrest\n", "b\n", "b"),
    ("a = |\nrest\n", "  \n", ""),
    ("f(|)\n", ")", ""),
    ("    |\n", "    return 1", "return 1"),
    ("a|\nab\n", "b", ""),  # the next line, said again
    ("a|\n\nab\nc\n", "b\nc", ""),
    ("a|\nab\n", "c", "c"),
]


@pytest.mark.parametrize(("document", "answer", "shown"), SHOWN)
def test_what_llama_vim_shows(document: str, answer: str, shown: str) -> None:
    before, _, after = document.partition("|")
    assert shown_text(answer, Buffer(before + after, len(before))) == shown


def test_what_llama_vim_sends_of_a_place() -> None:
    place = place_of(Buffer("1\n2\n3\nab\n4\n5\n", 7), 2, 1)
    assert (place.above, place.typed, place.below, place.right_of_cursor) == ("2\n3\n", "a", "b\n4\n", 1)


def test_the_ring_takes_chunks_from_places_far_away_one_by_one() -> None:
    ring = Ring(random.Random(1), 2, 8)
    text = "".join(f"line {number}\n" for number in range(500))
    ring.gather(Buffer(text, len("".join(f"line {number}\n" for number in range(400)))))
    assert len(ring.queued) == 2
    ring.gather(Buffer(text, 0))
    assert ring.promote()
    assert len(ring.chunks) == 1
    assert similarity("a\nb\n", "a\nc\n") == 0.5

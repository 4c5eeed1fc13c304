"""Token healing against a brute-force reading of its definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from completion.healing import Healing, VocabularyIndex, byte_level_tokens, sentencepiece_tokens

TOKENS = [
    b"p",
    b"r",
    b"i",
    b"n",
    b"t",
    b"pr",
    b"in",
    b"print",
    b"println",
    b"",
    b"(",
    b"()",
    b" ",
    b"    ",
    b"\xff\xff",
]
INDEX = VocabularyIndex(TOKENS)

small_bytes = st.binary(max_size=6).map(lambda data: bytes(b"ab\xff"[byte % 3] for byte in data))


def of(ids: list[int]) -> set[bytes]:
    return {TOKENS[index] for index in ids}


def test_half_a_word_is_taken_back_over_two_tokens() -> None:
    assert INDEX.take_back([b"(", b"pr", b"in"]) == Healing(1, b"prin")
    assert of(INDEX.allowed(b"prin")) == {b"print", b"println", b"p", b"pr"}


def test_a_word_that_is_a_token_may_still_grow() -> None:
    assert INDEX.take_back([b"print"]) == Healing(0, b"print")
    assert of(INDEX.starting_with(b"print")) == {b"print", b"println"}


def test_a_token_that_nothing_continues_stays() -> None:
    assert INDEX.take_back([b"println"]) == Healing(1, b"")
    assert INDEX.take_back([b"()"]) == Healing(1, b"")


def test_a_piece_that_is_no_prefix_goes_back_with_the_one_before() -> None:
    index = VocabularyIndex([b"pr", b"x", b"prxy"])
    assert index.take_back([b"x"]) == Healing(1, b"")
    assert index.take_back([b"pr", b"x"]) == Healing(0, b"prx")


def test_nothing_typed_is_nothing_to_heal() -> None:
    assert INDEX.take_back([]) == Healing(0, b"")


def test_special_tokens_are_never_allowed_and_never_crossed() -> None:
    assert b"" not in of(INDEX.starting_with(b""))
    assert INDEX.take_back([b"pr", b"", b"in"]) == Healing(3, b"")


def test_the_constraint_goes_on_until_all_is_covered() -> None:
    assert INDEX.rest(b"prin", TOKENS.index(b"pr")) == b"in"
    assert INDEX.rest(b"prin", TOKENS.index(b"println")) == b""


@given(st.lists(small_bytes, max_size=20), small_bytes)
def test_beginnings_agree_with_their_definition(tokens: list[bytes], text: bytes) -> None:
    index = VocabularyIndex(tokens)
    assert sorted(index.starting_with(text)) == [i for i, t in enumerate(tokens) if t and t.startswith(text)]
    assert sorted(index.leading_into(text)) == [
        i for i, t in enumerate(tokens) if t and text.startswith(t) and t != text
    ]
    assert index.can_grow(text) == any(t.startswith(text) and t != text for t in tokens)


@given(st.lists(small_bytes, min_size=1, max_size=20), st.lists(st.integers(0, 19), max_size=6))
def test_what_is_taken_back_is_the_end_and_can_be_typed_again(tokens: list[bytes], picks: list[int]) -> None:
    index = VocabularyIndex(tokens)
    typed = [tokens[pick % len(tokens)] for pick in picks]
    healing = index.take_back(typed)
    assert b"".join(typed[healing.kept :]) == healing.healed
    remaining = healing.healed
    for token in typed[healing.kept :]:
        assert tokens.index(token) in {tokens.index(tokens[i]) for i in index.allowed(remaining)}
        remaining = remaining[len(token) :]
    assert remaining == b""
    longer = [count for count in range(healing.kept) if all(typed[count:]) and index.can_grow(b"".join(typed[count:]))]
    assert not longer, "a longer tail could have been taken back"


def test_byte_level_and_sentencepiece_vocabularies() -> None:
    assert byte_level_tokens({"Ġreturn": 0, "Ċ": 2, "Ã©": 3, "<|x|>": 4}, special={4}) == [
        b" return",
        b"",
        b"\n",
        "é".encode(),
        b"",
    ]
    assert sentencepiece_tokens({"▁return": 0, "<0x0A>": 1, "é": 2, "<s>": 3}, special={3}) == [
        b" return",
        b"\n",
        "é".encode(),
        b"",
    ]

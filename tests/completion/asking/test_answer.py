"""Code out of an answer while it comes: whole, and in pieces of any size."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from completion.asking.answer import CodeOfAnswer
from completion.asking.comment import Asked, asked_at
from core.language_files import LanguageRegistry, load_languages

LANGUAGES: LanguageRegistry = load_languages((), {})
PLAIN = Asked("sort", "# sort", 0, 1, 0, "", "", "", "")


def asked(text: str, language: str = "python") -> Asked:
    before, _, after = text.partition("‸")
    *above, last = before.split("\n")
    found = asked_at((before + after).split("\n"), len(above), len(last), LANGUAGES.named(language))
    assert found
    return found


def code(answer: str, of: Asked = PLAIN, below: str = "", size: int = 7) -> str:
    reader, lines = CodeOfAnswer(of, below), []
    for start in range(0, len(answer), size):
        lines += reader.hear(answer[start : start + size])
    lines += reader.end()
    assert lines == reader.lines
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("Sure:\n\n```python\nx.sort()\n```\nThat sorts.", "x.sort()", id="a fenced block"),
        pytest.param("```\nx.sort()", "x.sort()", id="a fence that is never closed"),
        pytest.param("  ~~~py\n  x.sort()\n  ~~~", "x.sort()", id="tildes, indented"),
        pytest.param("```python\n# sort\nx.sort()\n```", "x.sort()", id="what was given is repeated"),
        pytest.param("```\n# sort\n```\nthen\n```\nx.sort()\n```", "x.sort()", id="a block that only repeats"),
        pytest.param("```\na\n```\n```\nb\n```", "a", id="the first block that has code"),
        pytest.param("x.sort()\ny", "x.sort()\ny", id="no fence: code"),
        pytest.param("I cannot do that.", "", id="no fence: words"),
        pytest.param("Here is the code, as asked:\nx.sort()", "", id="words before code without a fence"),
        pytest.param("<think>\n```\nno\n```\n</think>\n```\nx.sort()\n```", "x.sort()", id="what it thought"),
        pytest.param("<think>\nand so on", "", id="it only thought"),
        pytest.param("```\n\n\nx\n\n\ny\n\n```", "x\n\n\ny", id="blank lines"),
        pytest.param("```\r\nx\r\ny\r\n```", "x\ny", id="foreign line ends"),
        pytest.param("```\n" + "same()\n" * 9, "same()\nsame()", id="a third repetition ends it"),
        pytest.param("", "", id="nothing"),
        pytest.param("```\n```", "", id="an empty block"),
    ],
)  # fmt: skip
def test_code_in_an_answer(answer: str, expected: str) -> None:
    assert code(answer) == expected


@given(st.integers(1, 40))
def test_the_pieces_do_not_matter(size: int) -> None:
    answer = "Well:\n```python\n# sort\ndef f(x):\n    x.sort()\n\n    return x\n```\nDone."
    assert code(answer, size=size) == "def f(x):\n    x.sort()\n\n    return x"


ANSWERS = ["```", "```py", "~~~", "x", "    y", "\tz", "", "# sort", "<think>", "</think>", "Here it is:", "}", "x\r"]


@given(st.lists(st.sampled_from(ANSWERS), max_size=14), st.integers(1, 9))
@example(lines=["x", "", "}"], size=1)
@example(lines=["x", "}", "", "}", "y"], size=1)
def test_of_any_answer_what_was_given_out_stays(lines: list[str], size: int) -> None:
    answer = "\n".join(lines)
    whole = code(answer, below="}", size=size)
    assert whole == code(answer, below="}", size=1000)
    assert not whole or (whole.split("\n")[0].strip() and whole.split("\n")[-1].strip())


def test_the_code_has_the_documents_indentation() -> None:
    inside = asked("def f():\n    # sort\n    ‸\n")
    assert code("```\nfor a in b:\n    c\n```", inside) == "    for a in b:\n        c"
    tabs = asked("if a:\n\tb\n# sort\n‸\n")
    assert code("```\nfor a in b:\n    c\n        d\n```", tabs) == "for a in b:\n\tc\n\t\td"
    two = asked("if a:\n  b\n# sort\n‸\n")
    assert code("```\nfor a in b:\n    c(d,\n      e)\n```", two) == "for a in b:\n  c(d,\n    e)"
    spaces = asked("if a:\n    b\n# sort\n‸\n")
    assert code("```\nfor a in b:\n\tc\n```", spaces) == "for a in b:\n    c"


@pytest.mark.parametrize(
    "answer",
    [
        "```moonbit\n/// Adds.\nfn add(a : Int) -> Int {\n  let b = a\n  b + 1\n}\n```",
        "```moonbit\nfn add(a : Int) -> Int {\n    let b = a\n    b + 1\n}\n```",
        "```moonbit\nlet b = a\nb + 1\n```",
        "```moonbit\n  let b = a\n  b + 1\n}\n```",
    ],
)
def test_of_a_function_that_is_begun_only_the_rest_is_taken(answer: str) -> None:
    begun = asked("/// Adds.\nfn add(a : Int) -> Int {\n  ‸\n}\n", "moonbit")
    assert code(answer, begun, below="}") == "  let b = a\n  b + 1"


def test_a_closing_line_stays_where_the_document_has_none() -> None:
    begun = asked("/// Adds.\nfn add(a : Int) -> Int {\n  ‸", "moonbit")
    assert code("```\nfn add(a : Int) -> Int {\n  a + 1\n}\n```", begun) == "  a + 1\n}"


def test_it_is_done_when_the_block_is() -> None:
    reader = CodeOfAnswer(PLAIN)
    assert reader.hear("```\nx\n") == ["x"]
    assert not reader.done
    assert reader.hear("```\n") == []
    assert reader.done
    assert reader.hear("more\n```\ny\n```\n") == []

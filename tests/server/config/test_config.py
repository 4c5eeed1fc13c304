"""The server's config: its sources, their order, where values come from, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.errors import ConfigError
from server.config.checks import check_config
from server.config.loading import load_config, set_on_command_line, variable_of
from server.config.schema import ServerConfig
from server.config.showing import rows
from server.config.tree import leaves

YAML = """\
listen:
  port: 9000
  tls_key: keys/server.key
database:
  url: postgresql://ada:s3cret@db/vernacular
"""


@pytest.fixture(autouse=True)
def usual_depth() -> Iterator[None]:
    """What other tests import may have raised it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "server.yaml"
    path.write_text(YAML)
    return path


def test_each_source_goes_before_the_one_below_it(file: Path) -> None:
    environment = {"VERNACULAR_LISTEN__PORT": "9001", "VERNACULAR_LOG__LEVEL": "info"}
    options: Any = {("log", "level"): ("--log-level", "debug")}
    loaded = load_config(file, environment, options)
    assert (loaded.config.listen.port, loaded.config.log.level, loaded.config.listen.host) == (
        9001,
        "debug",
        "127.0.0.1",
    )
    assert loaded.origins["listen", "port"] == "VERNACULAR_LISTEN__PORT"
    assert loaded.origins["log", "level"] == "--log-level"
    assert loaded.origins["listen", "host"] == "default"
    assert loaded.origins["listen", "tls_key"] == f"{file}:3"


def test_a_relative_path_in_a_file_is_relative_to_the_file(file: Path) -> None:
    assert load_config(file, {}).config.listen.tls_key == file.parent / "keys" / "server.key"


def test_toml_says_the_same(tmp_path: Path, file: Path) -> None:
    toml = tmp_path / "server.toml"
    toml.write_text(
        '[listen]\nport = 9000\ntls_key = "keys/server.key"\n'
        '[database]\nurl = "postgresql://ada:s3cret@db/vernacular"\n'
    )
    assert load_config(toml, {}).config == load_config(file, {}).config
    assert load_config(toml, {}).origins["listen", "port"] == str(toml)


def test_the_variable_names_the_file(file: Path) -> None:
    assert load_config(None, {"VERNACULAR_CONFIG": str(file)}).config.listen.port == 9000


def test_lists_are_written_with_commas(tmp_path: Path) -> None:
    environment = {"VERNACULAR_LISTEN__TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16"}
    options = set_on_command_line(["access.rate_limits=1/second,9/minute"])
    config = load_config(None, environment, options).config
    assert config.listen.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")
    assert config.access.rate_limits == ("1/second", "9/minute")


def test_an_empty_variable_and_those_of_clients_set_nothing() -> None:
    environment = {"VERNACULAR_LISTEN__PORT": "", "VERNACULAR_API_KEY": "k", "OTHER__PORT": "1"}
    assert load_config(None, environment).config == ServerConfig()


def test_secrets_are_never_shown(file: Path) -> None:
    shown = list(rows(load_config(file, {})))
    assert "s3cret" not in str(shown)
    assert ("database.url", "********", f"{file}:5") in shown
    assert ("database.url_file", "null", "default") in shown
    assert "s3cret" not in repr(load_config(file, {}).config)


def test_every_key_is_shown_and_can_be_set_by_a_variable_of_its_own() -> None:
    paths = [path for path, _ in leaves()]
    assert [key for key, _, _ in rows(load_config(None, {}))] == [".".join(path) for path in paths]
    assert len({variable_of(path) for path in paths}) == len(paths)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.yaml", "listen:\n  prot: 1\n", "c.yaml:2: key 'listen.prot': unknown key (did you mean 'port'?)"),
        ("c.yaml", "lissten:\n  port: 1\n", "c.yaml:1: key 'lissten': unknown key (did you mean 'listen'?)"),
        ("c.yaml", "listen:\n  port: '1'\n", "key 'listen.port': \"1\" is text; it must be a whole number"),
        ("c.yaml", "access:\n  mode: always\n", "it must be 'none' or 'required'"),
        ("c.yaml", "listen: 5\n", "it must be a mapping of keys"),
        ("c.yaml", "- a\n", "c.yaml:1: the file is no mapping"),
        ("c.yaml", "a: [" * 2000, "nested too deeply"),
        ("c.toml", "[listen]\nport = 'x'\n", "c.toml: key 'listen.port': \"x\" is text"),
        ("c.toml", "[listen\n", "c.toml:1: this is no TOML"),
        ("c.toml", "[access.oidc]\nisuer = 'x'\n", "key 'access.oidc.isuer': unknown key (did you mean 'issuer'?)"),
        ("c.toml", "[listen]\nport = 1979-05-27\n", "is text; it must be a whole number"),
        ("c.ini", "", "must end in one of .yaml, .yml, .toml"),
    ],
)
def test_a_file_that_is_wrong_is_one_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_config(tmp_path / name, {})
    assert message in str(raised.value)
    assert str(tmp_path / name) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(Path("missing.yaml"), {})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("VERNACULAR_LISTEN__PORT", "x", 'VERNACULAR_LISTEN__PORT: "x" is text; it must be a whole number'),
        ("VERNACULAR_LISTN__PORT", "1", "unknown (did you mean 'VERNACULAR_LISTEN__PORT'?)"),
        ("VERNACULAR_ACCESS__RATE_LIMITS", "5/second,often", '"often" is not allowed'),
    ],
)
def test_a_variable_that_is_wrong_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(None, {name: value})
    assert message in str(raised.value)
    assert name in str(raised.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("listen.port", "write it like KEY=VALUE"),
        ("listen.prot=1", "did you mean 'listen.port'?"),
        ("listen.port=99999", "--set listen.port: "),
    ],
)
def test_a_setting_on_the_command_line_that_is_wrong(setting: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(None, {}, set_on_command_line([setting]))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["listen.tls_key=k.pem"], "belong together"),
        (["listen.trusted_proxies=*"], "is no address or network"),
        (["access.oidc.issuer=https://id.example.com"], "access.oidc.audience is missing"),
        (["database.url=sqlite:////a", "database.url_file=b"], "keep one of the two"),
        (["models.file=a.yaml", "models.model=b"], "names every model and its template"),
    ],
)
def test_keys_that_contradict_each_other(settings: list[str], message: str) -> None:
    config = load_config(None, {}, set_on_command_line(settings)).config
    with pytest.raises(ConfigError, match=message):
        check_config(config)


def test_a_shared_secret_is_no_signature() -> None:
    with pytest.raises(ConfigError, match="HS256"):
        load_config(None, {}, set_on_command_line(["access.oidc.algorithms=HS256"]))


def test_the_schema_takes_what_the_reader_takes(file: Path) -> None:
    schema = ServerConfig.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"listen": {"port": 9000}})
    assert not validator.is_valid({"listen": {"prot": 9000}})
    assert json.dumps(schema)

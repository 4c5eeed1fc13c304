"""Settings: what is right is taken, what is wrong is said."""

import pytest

from lsp.settings import Settings, with_values


@pytest.mark.parametrize("values", [{"debounce_ms": 5}, {"vernacular": {"debounce_ms": 5}}])
def test_settings_come_bare_or_in_their_section(values: object) -> None:
    settings, problem = with_values(Settings(), values)
    assert (settings.debounce_ms, problem) == (5, "")


@pytest.mark.parametrize("values", [None, {}, {"vernacular": None}, {"debounce_ms": None}])
def test_nothing_changes_nothing(values: object) -> None:
    current = Settings(debounce_ms=7)
    assert with_values(current, values) == (current, "")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"debounce": 5}, "unknown setting 'debounce' (did you mean 'debounce_ms'?)"),
        ({"zzz": 5}, "unknown setting 'zzz'; known: api_key_file, ask_ahead, ask_early"),
        ({"server_url": "localhost:8000"}, "setting 'server_url' is 'localhost:8000': must begin with http://"),
        ({"timeout_s": -1}, "setting 'timeout_s' is -1: input should be greater than 0"),
        ({"single_line": "maybe"}, "setting 'single_line' is 'maybe': input should be 'auto', 'always' or 'never'"),
        ([1], "settings must be an object, not list"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_taken(values: object, says: str) -> None:
    current = Settings(debounce_ms=7)
    if isinstance(values, dict):
        values = {**values, "max_new_tokens": 3}
    settings, problem = with_values(current, values)
    assert says in problem
    assert "\n" not in problem
    assert settings.debounce_ms == 7
    assert settings.max_new_tokens == (3 if isinstance(values, dict) else 64)

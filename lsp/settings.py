"""What a user can set, through `initializationOptions` and `workspace/didChangeConfiguration`.

A setting that is wrong is left out and said in one line; the others are taken all the same, so that a misspelt
name never costs the ghost text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import did_you_mean
from lsp.options import of_section


class Settings(BaseModel):
    """The settings of one editor session, as they are in force."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server_url: str = Field(default="http://127.0.0.1:8480", description="where the completion server answers")
    api_key_file: str | None = Field(
        default=None, description="file that holds the server's API key, where it asks for one"
    )
    enabled: bool = Field(default=True, description="whether ghost text is proposed at all")
    debounce_ms: Literal["auto"] | Annotated[int, Field(ge=0, le=2000)] = Field(
        default="auto", description="pause in typing before the server is asked; `auto`: by its speed and the typist's"
    )
    timeout_s: float = Field(default=8.0, gt=0, le=120, description="after which a proposal is given up")
    time_budget_ms: int = Field(
        default=1000,
        ge=0,
        le=60_000,
        description="while typing, after which what is there by then is proposed; 0: no end",
    )
    max_new_tokens: int = Field(default=64, ge=1, le=1024, description="upper bound on a proposal's tokens")
    single_line: Literal["auto", "always", "never"] = Field(
        default="auto", description="one line only: `auto` by the place of the cursor, `always`, or `never`"
    )
    in_comments: bool = Field(default=True, description="whether text is proposed in comments")
    in_strings: bool = Field(default=True, description="whether text is proposed in strings")
    proposers: Literal["both", "model", "lines"] = Field(
        default="both", description="who proposes: the model, the work space's own lines, or both"
    )
    deadline_ms: int = Field(default=300, ge=0, le=10_000, description="after which a line answers for the model")
    context: bool = Field(default=True, description="whether the model is shown pieces of the work space's other files")
    ignore: tuple[str, ...] = Field(
        default=(), description="patterns of files that are not indexed, as in a `.gitignore`, beside those there"
    )
    ask_early: bool = Field(
        default=True, description="ask the server at the key stroke, before the editor's own pause is over"
    )
    ask_ahead: bool = Field(default=True, description="ask for the next proposal while one is on display")
    candidates: int = Field(default=3, ge=1, le=8, description="proposals to choose from when asked for by hand")
    completion_items: bool = Field(
        default=False,
        strict=True,  # looked at before there is anything to put right what is almost a truth value
        description="answer ordinary completion too, for editors without ghost text; read when the server starts",
    )
    generate_max_tokens: int = Field(
        default=512, ge=16, le=8192, description="upper bound on the tokens of code that a comment asks for"
    )
    generate_timeout_s: float = Field(
        default=60.0, gt=0, le=600, description="after which the code that a comment asks for ends with what is there"
    )
    telemetry: Literal["on", "off", "text"] = Field(
        default="on",
        description="what the completion server is told of what became of proposals: `on`: counts, lengths and times, "
        "no code; `text`: also what was proposed, if that server keeps it; `off`: nothing",
    )

    @field_validator("server_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        scheme, separator, rest = value.strip().partition("://")
        if scheme.lower() not in ("http", "https") or not separator or not rest.strip("/"):
            raise ValueError("must begin with http:// or https:// and name a host")
        return value.strip().rstrip("/")


def with_values(current: Settings, values: object) -> tuple[Settings, str]:
    """`current` with what the editor sent put over it, and one line on what was wrong with that, or nothing.

    Takes the settings themselves or an object that holds them under `vernacular`; a null is no setting.
    """
    values = of_section(values)
    if values is None:
        return current, ""
    if not isinstance(values, Mapping):
        return current, f"settings must be an object, not {type(values).__name__}"
    wanted = current.model_dump() | {str(key): value for key, value in values.items() if value is not None}
    try:
        return Settings.model_validate(wanted), ""
    except ValidationError as error:
        problems = {str(problem["loc"][0]): problem for problem in error.errors(include_url=False)}
    kept = {key: value for key, value in wanted.items() if key not in problems}
    kept |= {key: value for key, value in current.model_dump().items() if key in problems}
    lines = [_said(key, problem["type"], problem["msg"], problem["input"]) for key, problem in problems.items()]
    return Settings.model_validate(kept), "; ".join(lines)


def _said(key: str, kind: str, message: str, value: object) -> str:
    if kind == "extra_forbidden":
        near = did_you_mean(key, Settings.model_fields)
        return f"unknown setting {key!r}{near or '; known: ' + ', '.join(sorted(Settings.model_fields))}"
    said = message.removeprefix("Value error, ")
    return f"setting {key!r} is {value!r}: {said[0].lower()}{said[1:]}"

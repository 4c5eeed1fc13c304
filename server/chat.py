"""A conversation as a prompt, by the model's own chat template.

Templates are Jinja programs that come with a model, run as transformers runs them, but without transformers: in
Jinja's sandbox, with the same names at hand.

Guarantees: a control token in the prompt comes from the template alone; what a person wrote is encoded as text,
whatever it spells. For that, the first and the last character of every control token are replaced in the contents by
characters that occur nowhere else, which a template carries along (and may trim or join) without meaning to; after
control tokens were found, they are put back.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from completion.segments import Segment, Special, Text, merged
from core.errors import RequestError

_SPARE = (range(0xE000, 0xF900), range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))
"""Unicode's private use areas."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


class ChatTemplate:
    """A model's chat template. `controls` are the texts of its tokenizer's control tokens."""

    def __init__(self, source: str, controls: Iterable[str], names: Mapping[str, str] | None = None) -> None:
        """`names` are what the template may say for the model's own tokens, such as `bos_token`.

        Raises `RequestError` where it is no template.
        """
        self._source = source
        self._names = dict(names or {})
        tokens = sorted((token for token in controls if token), key=len, reverse=True)
        self._ends = sorted({end for token in tokens for end in (token[0], token[-1])})
        self._controls = re.compile("|".join(map(re.escape, tokens)) or r"(?!)")
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = functools.partial(json.dumps, ensure_ascii=False)
        environment.globals.update(raise_exception=_refuse, strftime_now=_now)
        try:
            self._template = environment.from_string(source)
        except JinjaError as error:
            raise RequestError(f"the model's chat template is not valid ({error})", code="no_chat_template") from None

    @classmethod
    def from_folder(cls, folder: Path, controls: Iterable[str]) -> ChatTemplate | None:
        """A model folder's template; `None` where it has none that can be used."""
        try:
            config = json.loads((folder / "tokenizer_config.json").read_bytes())
        except (OSError, ValueError):
            config = {}
        if not isinstance(config, dict):
            config = {}
        source = _source(folder, config)
        if source is None:
            return None
        try:
            return cls(source, controls, dict(_names(config)))
        except RequestError:
            return None

    def segments(self, messages: Sequence[Message]) -> tuple[Segment, ...]:
        """The prompt that asks for the next turn. Raises `RequestError` where the template refuses the messages."""
        marks = _unused(len(self._ends), self._source, *(message.content for message in messages))
        there = str.maketrans(dict(zip(self._ends, marks, strict=True)))
        back = str.maketrans(dict(zip(marks, self._ends, strict=True)))
        given = [{"role": message.role, "content": message.content.translate(there)} for message in messages]
        try:
            said = self._template.render(
                messages=given, add_generation_prompt=True, tools=None, documents=None, **self._names
            )
        except RequestError:
            raise
        except Exception as error:  # a template is a program, and fails like one
            raise RequestError(
                f"the model's chat template cannot take these messages ({type(error).__name__})", code="chat_template"
            ) from None
        return merged(_parts(self._controls, said, back))


def _parts(controls: re.Pattern[str], said: str, back: Mapping[int, str]) -> Iterator[Segment]:
    place = 0
    for found in controls.finditer(said):
        yield Text(said[place : found.start()].translate(back))
        yield Special(found[0])
        place = found.end()
    yield Text(said[place:].translate(back))


def _unused(count: int, *texts: str) -> str:
    """So many characters that none of the texts holds."""
    taken = set().union(*texts)
    spare = (chr(code) for area in _SPARE for code in area)
    found = "".join(mark for mark, _ in zip((mark for mark in spare if mark not in taken), range(count), strict=False))
    if len(found) < count:
        raise RequestError("the messages use up Unicode's private use areas; send fewer of their characters")
    return found


def _source(folder: Path, config: dict[str, Any]) -> str | None:
    try:
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    found = config.get("chat_template")
    if isinstance(found, list):  # several, by name
        named = {each.get("name"): each.get("template") for each in found if isinstance(each, dict)}
        found = named.get("default")
    return found if isinstance(found, str) else None


def _names(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("bos_token", "eos_token", "unk_token", "pad_token"):
        token = config.get(name)
        content = token.get("content") if isinstance(token, dict) else token
        if isinstance(content, str):
            yield name, content


def _refuse(message: object) -> NoReturn:
    """What templates call for messages that they do not take."""
    first = (str(message).splitlines() or ["no reason given"])[0]
    raise RequestError(f"the model's chat template refuses these messages: {first}", code="chat_template")


def _now(form: str) -> str:
    return dt.datetime.now().astimezone().strftime(form)

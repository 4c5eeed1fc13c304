"""What is said of a model: its name, template, and bytes a token.

A checkpoint's `vernacular.json` may hold `name`, `template`, `typing_layout` and `bytes_per_token`; what it does not
hold is found out here. Options that a person gave go before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from completion.templates import TEMPLATES, FimTemplate, for_typing, template_for_model, template_named
from core.checkpoint import raw_manifest
from core.errors import TemplateError, UnknownNameError
from server.tokens.rendering import TokenRenderer

PREFIX_LAYOUT, MIDDLE_LAYOUT = TYPING_LAYOUTS = ("prefix", "middle")
"""Where the typed part of the cursor's line stands: with the lines above it, or behind the middle token."""

_SAMPLE = '''\
def read_table(path, separator=","):
    """Read a table, one row a line."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            cells = line.rstrip("\\n").split(separator)
            if rows and len(cells) != len(rows[0]):
                raise ValueError(f"line {number} has {len(cells)} cells, not {len(rows[0])}")
            rows.append(cells)
    return rows

fn main {
  let counts : Map[String, Int] = Map::new()
  for word in words {
    counts[word] = counts.get(word).or(0) + 1
  }
  println("\\{counts.size()} words")
}
'''


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What a server says of the model that it serves."""

    name: str
    template: FimTemplate
    bytes_per_token: float


def describe(
    folder: Path,
    renderer: TokenRenderer,
    config: dict[str, Any],
    name: str | None = None,
    template: str | None = None,
    typing_layout: str | None = None,
) -> ModelDescription:
    """The description of the model in `folder`, its template checked against its tokenizer.

    `name` is the model's id on a hub, where it has one; `template` and `typing_layout` are what a person chose. Raises
    `TemplateError` where no template is known or it does not fit, `UnknownNameError` where there is none of that name,
    nor a layout.
    """
    manifest = raw_manifest(folder)
    name = str(manifest.get("name") or name or folder.name)
    chosen = _template(folder, name, config, template or manifest.get("template"))
    layout = typing_layout or manifest.get("typing_layout") or PREFIX_LAYOUT
    if layout not in TYPING_LAYOUTS:
        raise UnknownNameError("typing layout", str(layout), TYPING_LAYOUTS)
    if layout == MIDDLE_LAYOUT:
        chosen = for_typing(chosen)
    renderer.check(chosen)
    measured = manifest.get("bytes_per_token")
    if not isinstance(measured, int | float) or measured <= 0:
        measured = len(_SAMPLE.encode()) / len(renderer.encode(_SAMPLE))
    return ModelDescription(name, chosen, round(float(measured), 3))


def _template(folder: Path, name: str, config: dict[str, Any], chosen: str | None) -> FimTemplate:
    if chosen:
        return template_named(chosen)
    for hint in (name, str(config.get("_name_or_path") or ""), folder.name):
        if found := template_for_model(hint):
            return found
    raise TemplateError(
        f"no fill-in-the-middle template is known for a model called {name!r}; choose one with --template: "
        f"{', '.join(sorted(TEMPLATES))}"
    )

"""The page `docs/server-config.md`, made from the schema; a test holds it current."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from server.config.loading import variable_of
from server.config.schema import ServerConfig
from server.config.showing import json_of
from server.config.tree import KeyPath, section_of

_HEAD = """\
# The server's config

One file, YAML or TOML by its name's ending, given by `vernacular serve --config FILE` or the environment variable \
`VERNACULAR_CONFIG`:

```yaml
listen:
  host: 0.0.0.0
  tls_certificate: /etc/vernacular/server.pem
  tls_key: /etc/vernacular/server.key
access:
  mode: required
database:
  url_file: /run/secrets/vernacular-database
```

The command line goes before environment variables, those before the file, that before the defaults. The variable of a \
key is `VERNACULAR_`, then its path in capitals with two underscores between: `VERNACULAR_LISTEN__PORT`. A list is \
written there with commas, and an empty variable counts as not set. Unknown keys and variables are refused. A relative \
path in a file is relative to that file's folder.

`vernacular config show` prints every value and where it comes from, secrets masked; `vernacular config schema` prints \
the JSON schema for editors. This page is made by `vernacular config page`.
"""


def page() -> str:
    """The whole page, ending in a line end."""
    return _HEAD + "".join(_sections(ServerConfig, ()))


def _sections(model: type[BaseModel], above: KeyPath) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if section := section_of(field):
            path = (*above, name)
            yield f"\n## {'.'.join(path)}\n\n{(section.__doc__ or '').strip()}\n\n"
            yield f"Variables: `{variable_of((*path, ''))}...`\n\n"
            yield "| key | default | what it does |\n| --- | --- | --- |\n"
            for key, leaf in section.model_fields.items():
                if not section_of(leaf):
                    yield f"| `{key}` | `{json_of(leaf.default)}` | {leaf.description} |\n"
            yield from _sections(section, path)

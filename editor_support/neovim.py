"""A Neovim plugin for a language: file type, options, indentation, colours; tree-sitter with a parser. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from core.languages import BlockComment
from core.syntax import StringDelimiters
from editor_support.grammar import Parser
from editor_support.texts import filled, header, neovim_readme
from editor_support.vim_syntax import vim_syntax
from editor_support.vocabulary import Vocabulary

_LINE = 80
"""Signs of a Lua table on one line."""


def neovim_files(vocabulary: Vocabulary, parser: Parser | None) -> dict[str, str | bytes]:
    """The plugin's folder: contents by path."""
    kind = vocabulary.file_type
    module = f"vernacular_{vocabulary.slug.replace('-', '_')}.indent"
    written: dict[str, str | bytes] = {
        f"ftdetect/{kind}.lua": header(vocabulary, "--") + "\n" + _detection(vocabulary),
        f"ftplugin/{kind}.lua": _file_type_plugin(vocabulary, parser),
        f"indent/{kind}.lua": filled("indent_plugin.lua", vocabulary, module=module, keys=_string(_keys(vocabulary))),
        f"lua/{module.replace('.', '/')}.lua": filled("indent.lua", vocabulary, rules=_rules(vocabulary)),
        f"syntax/{kind}.vim": vim_syntax(vocabulary, header(vocabulary, '"')),
        "README.md": neovim_readme(vocabulary, parser.name if parser else ""),
    }
    if parser:
        written[f"parser/{parser.name}.so"] = parser.library
        written[f"queries/{parser.name}/highlights.scm"] = header(vocabulary, ";") + "\n" + parser.highlights
    return written


def _detection(vocabulary: Vocabulary) -> str:
    """Neovim finds endings of one part by themselves, longer ones by a pattern."""
    spec, kind = vocabulary.spec, _string(vocabulary.file_type)
    plain = [each[1:] for each in spec.extensions if each.count(".") == 1]
    longer = [each for each in spec.extensions if each.count(".") > 1]
    tables = {
        "extension": plain,
        "filename": spec.file_names,
        "pattern": ["^.*" + "".join(x if x.isalnum() else f"%{x}" for x in each) + "$" for each in longer],
    }
    lines = [
        f"  {table} = {_list(f'[{_string(key)}] = {kind}' for key in keys)}," for table, keys in tables.items() if keys
    ]
    return "\n".join(["vim.filetype.add({", *lines, "})"]) + "\n"


def _file_type_plugin(vocabulary: Vocabulary, parser: Parser | None) -> str:
    options = _options(vocabulary)
    text = filled(
        "ftplugin.lua",
        vocabulary,
        options="\n".join(f"  {name} = {value}," for name, value in options.items()),
    )
    if parser is None:
        return text
    return text + filled("treesitter.lua", vocabulary, parser=parser.name)


def _options(vocabulary: Vocabulary) -> dict[str, str]:
    """Buffer options, as Lua."""
    spec, indentation = vocabulary.spec, vocabulary.spec.syntax.indentation
    marks = [mark for mark in (vocabulary.documentation_comment, *spec.line_comments) if mark]
    starred = [each for each in spec.block_comments if each.open.endswith("*")]
    blocks = [part for each in starred for part in (f"s1:{each.open}", "mb:*", f"ex:{each.close}")]
    if spec.line_comments:
        comment = f"{spec.line_comments[0]} %s"
    elif spec.block_comments:
        comment = f"{spec.block_comments[0].open} %s {spec.block_comments[0].close}"
    else:
        comment = ""
    pairs = [f"{x.open}:{x.close}" for x in spec.syntax.brackets if len(x.open) == len(x.close) == 1]
    signs = ",".join(str(ord(sign)) for sign in vocabulary.word_signs if ord(sign) < 256)
    options = {
        "commentstring": comment,
        "comments": ",".join([*blocks, *(f":{mark}" for mark in marks)]).replace("\\", "\\\\"),
        "iskeyword": f"@,48-57,_,192-255{',' if signs else ''}{signs}",
        "matchpairs": ",".join(pairs),
        "suffixesadd": ",".join(spec.extensions),
    }
    written = {name: _string(value) for name, value in options.items() if value}
    return written | {
        "expandtab": "false" if indentation.tabs else "true",
        "shiftwidth": str(indentation.width),
        "softtabstop": "0" if indentation.tabs else str(indentation.width),
        **({"tabstop": str(indentation.width)} if indentation.tabs else {}),
    }


def _keys(vocabulary: Vocabulary) -> str:
    """Keys after which a line is indented anew; a comma within one is a key of its own to Vim, and left out."""
    closers = [pair.close for pair in vocabulary.spec.syntax.brackets]
    any_case = "" if vocabulary.spec.syntax.case_sensitive else "~"
    words = [word for word in vocabulary.spec.syntax.indentation.closes_first if "," not in word]
    return ",".join(["!^F", "o", "O", *(f"0{each}" for each in closers), *(f"0={any_case}{word}" for word in words)])


def _rules(vocabulary: Vocabulary) -> str:
    """The data of `indent.lua`; of a language that takes `IF` for `if`, in small letters."""
    syntax = vocabulary.spec.syntax
    indentation = syntax.indentation
    lists = {
        "opens_first": indentation.opens_first,
        "opens_last": indentation.opens_last,
        "opens_anywhere": indentation.opens_anywhere,
        "closes_first": indentation.closes_first,
        "ends_last": indentation.ends_last,
        "closing_brackets": [pair.close for pair in syntax.brackets],
    }
    spans = [_span(span) for span in vocabulary.spans]
    brackets = [f"{{ open = {_string(x.open)}, close = {_string(x.close)} }}" for x in syntax.brackets]
    any_case = not syntax.case_sensitive
    lines = [
        f"any_case = {'true' if any_case else 'false'}",
        f"word_signs = {_string(vocabulary.word_signs)}",
        *(f"{name} = {_list(map(_string, texts))}" for name, texts in lists.items()),
        f"brackets = {_list(brackets)}",
        "spans = {\n" + "".join(f"    {span},\n" for span in spans) + "  }",
    ]
    text = "{\n" + "".join(f"  {line},\n" for line in lines) + "}"
    return text.lower() if any_case else text


def _span(span: str | BlockComment | StringDelimiters) -> str:
    if isinstance(span, str):
        return f"{{ open = {_string(span)} }}"
    written = f"open = {_string(span.open)}, close = {_string(span.close)}"
    if isinstance(span, BlockComment):
        return f"{{ {written} }}"
    escape = f", escape = {_string(span.escape)}" if span.escape else ""
    return f"{{ {written}{escape}, string = true }}"


def _list(values: Iterable[str]) -> str:
    """A Lua table of what is Lua already: on a line, or, where that gets long, one to a line."""
    values = tuple(values)
    line = f"{{ {', '.join(values)} }}" if values else "{}"
    return line if len(line) <= _LINE else "{\n" + "".join(f"    {value},\n" for value in values) + "  }"


def _string(text: str) -> str:
    """A Lua string, between the quotes that it does not hold."""
    quote = '"' if "'" in text and '"' not in text else "'"
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}").replace("\n", "\\n")
    return f"{quote}{escaped}{quote}"

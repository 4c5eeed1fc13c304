"""Asks a parser about its grammar, in a process of its own: native code may crash, and may never return.

Started as a script by `grammar.py`; imports nothing of this project. Standard input: `{"library", "symbol"}` or
`{"module", "function"}`, with `"samples"`, texts of one token each, and `"queries"`. Standard output: `"kinds"`, the
grammar's named nodes; `"tokens"`, its anonymous ones; `"found"`, by sample, the innermost named node that is just that
text; `"valid"`, for each query whether the grammar takes it.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import sys
from typing import Any


def main() -> None:
    """Answer one question."""
    from tree_sitter import Language

    question = json.load(sys.stdin)
    if "library" in question:
        language = Language(load(question["library"], question["symbol"]))
    else:
        language = Language(getattr(importlib.import_module(question["module"]), question["function"])())
    visible = [i for i in range(language.node_kind_count) if language.node_kind_is_visible(i)]
    named = {language.node_kind_for_id(i) for i in visible if language.node_kind_is_named(i)}
    anonymous = {language.node_kind_for_id(i) for i in visible if not language.node_kind_is_named(i)}
    answer = {
        "kinds": sorted(kind for kind in named if kind and kind != "ERROR"),
        "tokens": sorted(kind for kind in anonymous if kind and kind != "end"),
        "found": {sample: kind for sample in question["samples"] if (kind := _kind_of(language, sample))},
        "valid": [_is_valid(language, query) for query in question["queries"]],
    }
    json.dump(answer, sys.stdout)


def load(path: str, symbol: str) -> object:
    """The capsule that py-tree-sitter takes, of a library that exports the grammar as every editor expects it."""
    function = getattr(ctypes.CDLL(path), symbol)
    function.restype = ctypes.c_void_p
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype = ctypes.py_object
    capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return capsule(function(), b"tree_sitter.Language", None)


def _kind_of(language: Any, sample: str) -> str:
    from tree_sitter import Parser

    source = sample.encode()
    node = Parser(language).parse(source).root_node.named_descendant_for_byte_range(0, len(source))
    while node is not None and node.named_child_count == 1 and node.named_children[0].byte_range == (0, len(source)):
        node = node.named_children[0]
    if node is None or node.byte_range != (0, len(source)) or node.is_error or node.parent is None:
        return ""
    return node.type


def _is_valid(language: Any, query: str) -> bool:
    from tree_sitter import Query, QueryError

    try:
        Query(language, query)
    except QueryError:
        return False
    return True


if __name__ == "__main__":
    main()

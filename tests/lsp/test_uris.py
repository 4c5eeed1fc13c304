"""URIs as editors write them, and documents that are no files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.language_files import load_languages
from lsp.documents import Document, Place
from lsp.lines import Lines
from lsp.uris import key_of, name_of, path_of
from tests.lsp.editor import Editor
from tests.lsp.fake_server import FakeServer

LANGUAGES = load_languages((), {})


@pytest.mark.parametrize(
    ("uri", "path", "name", "language"),
    [
        ("file:///home/a%20b/x.py", "/home/a b/x.py", "/home/a b/x.py", "python"),
        ("file:///home/%40c/x%23y.lua", "/home/@c/x#y.lua", "/home/@c/x#y.lua", "lua"),
        ("file:///c%3A/Users/x.mbt", "c:/Users/x.mbt", "c:/Users/x.mbt", "moonbit"),
        ("file:///C:/Users/x.mbt", "c:/Users/x.mbt", "c:/Users/x.mbt", "moonbit"),
        ("file://host/share/x.py", "//host/share/x.py", "//host/share/x.py", "python"),
        ("FILE:///x.py", "/x.py", "/x.py", "python"),
        ("untitled:Untitled-1", None, "Untitled-1", "text"),
        ("untitled:/home/new.lua", None, "/home/new.lua", "lua"),
        ("git:/home/x.py?%7B%22ref%22%3A%22~%22%7D", None, "/home/x.py", "python"),
        ("vscode-remote://ssh-remote%2Bhost/home/x.py", None, "/home/x.py", "python"),
        ("vscode-notebook-cell:/home/n.ipynb#W0sZmlsZQ%3D%3D", "/home/n.ipynb", "/home/n.ipynb", "text"),
        ("vscode-notebook-cell:///home/n.ipynb#ch01", "/home/n.ipynb", "/home/n.ipynb", "text"),
        ("http://[::1/x.py", None, "http://[::1/x.py", "python"),
        ("file://[/x.py", None, "file://[/x.py", "python"),
        ("x.py", None, "x.py", "python"),
        ("", None, "", "text"),
    ],
)
def test_what_a_uri_names(uri: str, path: str | None, name: str, language: str) -> None:
    assert path_of(uri) == (Path(path) if path else None)
    assert name_of(uri) == name
    assert LANGUAGES.for_document("", name_of(uri)).name == language


@given(st.text() | st.text().map(lambda text: f"file:{text}") | st.text().map(lambda text: f"git:/{text}?a#b"))
def test_no_uri_raises(uri: str) -> None:
    path_of(uri), name_of(uri), key_of(uri)


def test_one_file_written_in_two_ways_is_one() -> None:
    assert key_of("file:///home/%40c/a%28b%29.py") == key_of("file:///home/@c/a(b).py")
    assert key_of("file:///c%3A/x.py") != key_of("file:///d%3A/x.py")
    assert key_of("vscode-notebook-cell:/n.ipynb#a") != key_of("vscode-notebook-cell:/n.ipynb#b")
    lines = Lines()
    lines.learn("file:///home/a(b).py", "value = compute(first, second)\n" * 3, "python")
    written = Document.of("file:///home/a%28b%29.py", "value = ")
    assert not lines.propose(written, Place(0, 8), "python").text  # its own old text is no other file's


@pytest.mark.parametrize(
    ("uri", "language_id", "path", "language"),
    [
        ("untitled:Untitled-1", "lua", "", "lua"),
        ("git:/home/x.py?%7B%7D", "python", "x.py", "python"),
        ("vscode-remote://ssh-remote%2Bhost/home/x.py", "", "x.py", "python"),
        ("file:///c%3A/Users/me/x.py", "python", "x.py", "python"),
        ("file:///home/a%00b.py", "python", "a\0b.py", "python"),
        ("http://[::1/x.py", "python", "x.py", "python"),
        ("vscode-notebook-cell:/home/n.ipynb#W0", "python", "n.py", "python"),
        ("jdt://contents/rt.jar/java.lang/String.class?=x", "java", "String.class", "text"),
    ],
)
def test_ghost_text_in_documents_that_are_no_files(
    connected: Editor, fake: FakeServer, uri: str, language_id: str, path: str, language: str
) -> None:
    connected.open(uri, "hel", language_id)
    assert connected.ghost_text(uri, 0, 3)[0]["insertText"] == "lo world"
    request = fake.requests[-1]
    assert (request.path, request.language, request.repository) == (path, language, "")
    connected.replace(uri, (0, 3), (0, 3), "p")
    connected.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    connected.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})
    connected.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert connected.ghost_text(uri, 0, 3) == []
    assert connected.all_said("window/showMessage") == []

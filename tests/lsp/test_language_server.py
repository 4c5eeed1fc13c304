"""The real language server over standard input and output, against a completion server that does as it is told."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from core.wire import CompletionRequest, Problem
from tests.lsp.editor import Editor, editor
from tests.lsp.fake_server import CARD, FakeServer, Reply, ready, reserved_port, running, starting, wait_until


def uri_of(folder: Path, name: str = "a.py") -> str:
    return (folder / name).as_uri()


def test_ghost_text_stands_at_the_cursor(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    uri = uri_of(tmp_path, "src/a b.py")
    connected.open(uri, "import os\nhel\nrest\n")

    items = connected.ghost_text(uri, 1, 3)

    at = {"line": 1, "character": 3}
    assert [item.pop("command")["command"] for item in items] == ["vernacular.accepted"]
    assert items == [{"insertText": "lo world", "range": {"start": at, "end": at}}]
    [request] = fake.requests
    assert (request.prefix, request.suffix) == ("import os\nhel", "\nrest\n")
    assert (request.language, request.path, request.repository) == ("python", "src/a b.py", tmp_path.name)
    assert request.trigger == "automatic"
    assert request.single_line


def test_edits_reach_the_request(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    connected.open(uri, "x = '\N{GRINNING FACE}'\r\ny\x0c = 1\r\n")
    connected.replace(uri, (0, 7), (0, 7), "!")  # UTF-16: the face has two units
    connected.replace(uri, (1, 1), (1, 1), "\N{GRINNING FACE}", version=3)

    connected.ghost_text(uri, 1, 3)

    assert fake.requests[-1].prefix == "x = '\N{GRINNING FACE}!'\ny\N{GRINNING FACE}"
    assert fake.requests[-1].suffix == "\x0c = 1\n"


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 6), ("utf-16", 4), ("utf-32", 3)])
def test_every_position_encoding(fake: FakeServer, tmp_path: Path, encoding: str, character: int) -> None:
    uri = uri_of(tmp_path)
    with editor("--server", fake.url) as one:
        answer = one.initialize(tmp_path, encodings=[encoding])
        assert answer["capabilities"]["positionEncoding"] == encoding
        assert answer["capabilities"]["inlineCompletionProvider"] == {}
        one.open(uri, "'\N{GRINNING FACE}' x")
        items = one.ghost_text(uri, 0, character)

    assert fake.requests[-1].prefix == "'\N{GRINNING FACE}'"
    assert items[0]["range"]["start"] == {"line": 0, "character": character}


def test_a_position_past_the_end_is_clamped(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    connected.open(uri, "one\ntwo")
    connected.ghost_text(uri, 0, 2_000_000_000)
    [item] = connected.ghost_text(uri, 99, 99)
    assert [request.prefix for request in fake.requests] == ["one", "one\ntwo"]
    assert item["range"]["start"] == {"line": 1, "character": 3}


def test_a_document_that_is_not_open_has_no_ghost_text(connected: Editor, tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    connected.replace(uri, (0, 0), (0, 0), "x")
    assert connected.ghost_text(uri, 0, 0) == []
    connected.open(uri, "x")
    connected.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert connected.ghost_text(uri, 0, 0) == []


def test_a_selected_item_of_the_menu_is_extended(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    connected.open(uri, "a.he\n")
    span = {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 4}}

    [item] = connected.ghost_text(uri, 0, 4, selectedCompletionInfo={"range": span, "text": "hel"})

    assert fake.requests[-1].prefix == "a.hel"
    assert (item["insertText"], item["range"]) == ("hello world", span)


@pytest.mark.parametrize(
    ("text", "line", "character", "single_line"),
    [
        pytest.param("def f(a):\n", 0, 9, False, id="at the end of a line that opens a block"),
        pytest.param("def f(a):\n    return a + b\n", 1, 14, True, id="in the middle of a line"),
    ],
)
def test_one_line_or_many_by_the_place(
    connected: Editor, fake: FakeServer, tmp_path: Path, text: str, line: int, character: int, single_line: bool
) -> None:
    connected.open(uri_of(tmp_path), text)
    connected.ghost_text(uri_of(tmp_path), line, character)
    assert fake.requests[-1].single_line is single_line


def test_within_a_word_only_who_asks_by_hand_gets_text(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    connected.open(uri_of(tmp_path), "world")
    assert connected.ghost_text(uri_of(tmp_path), 0, 2) == []
    assert fake.requests == []
    assert connected.ghost_text(uri_of(tmp_path), 0, 2, invoked=True)


def test_the_server_is_asked_when_a_key_is_told_of(fake: FakeServer, tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, ask_early=True)
        one.open(uri, "x = he\n")
        one.ghost_text(uri, 0, 6)
        one.replace(uri, (0, 6), (0, 6), "x()")
        wait_until(lambda: len(fake.requests) == 2)
        one.replace(uri, (0, 6), (0, 9), "(", version=3)
        wait_until(lambda: len(fake.requests) == 3)
        assert one.ghost_text(uri, 0, 7)
    assert [request.prefix for request in fake.requests] == ["x = he", "x = hex()", "x = he("]


def test_in_comments_nothing_is_asked_where_that_is_turned_off(fake: FakeServer, tmp_path: Path) -> None:
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, in_comments=False)
        one.open(uri_of(tmp_path), "x = 1  # hel\ny = hel\n")
        assert one.ghost_text(uri_of(tmp_path), 0, 12) == []
        assert one.ghost_text(uri_of(tmp_path), 1, 7)
        assert len(fake.requests) == 1


def test_nothing_to_propose_is_an_empty_list(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("")
    connected.open(uri_of(tmp_path), "x")
    assert connected.ghost_text(uri_of(tmp_path), 0, 1) == []


def test_a_newer_request_takes_over_down_to_the_server(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = lambda request: Reply("slow", hang=True) if request.prefix == "a" else Reply("quick")
    uri = uri_of(tmp_path)
    connected.open(uri, "a b")
    older = connected.ask_ghost_text(uri, 0, 1)
    wait_until(lambda: fake.requests)

    newer = connected.ask_ghost_text(uri, 0, 3)

    assert connected.answer(newer)["result"][0]["insertText"] == "quick"
    assert connected.answer(older)["result"] is None
    assert wait_until(lambda: fake.abandoned) == [fake.requests[0].request_id]
    assert len({request.session_id for request in fake.requests}) == 1


def test_typing_along_deleting_and_edits_elsewhere_cost_no_request(
    connected: Editor, fake: FakeServer, tmp_path: Path
) -> None:
    uri = uri_of(tmp_path)
    connected.open(uri, "hel\n" + "rest\n" * 40)
    assert connected.ghost_text(uri, 0, 3)[0]["insertText"] == "lo world"
    connected.replace(uri, (0, 3), (0, 3), "lo")
    assert connected.ghost_text(uri, 0, 5)[0]["insertText"] == " world"
    connected.replace(uri, (0, 4), (0, 5), "", version=3)
    assert connected.ghost_text(uri, 0, 4)[0]["insertText"] == "o world"
    connected.replace(uri, (40, 0), (40, 0), "more\n" * 50, version=4)
    assert connected.ghost_text(uri, 0, 4)[0]["insertText"] == "o world"
    assert len(fake.requests) == 1
    connected.replace(uri, (0, 4), (0, 4), "x", version=5)
    connected.ghost_text(uri, 0, 5)
    assert [request.prefix for request in fake.requests] == ["hel", "hellx"]


def test_requests_that_are_superseded_while_debounced_never_leave(fake: FakeServer, tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, debounce_ms=1000)
        one.open(uri, "a b c d e f")
        asked = [one.ask_ghost_text(uri, 0, column) for column in range(1, 12, 2)]
        results = [one.answer(number)["result"] for number in asked]
    assert results[:-1] == [None] * 5
    assert results[-1][0]["insertText"] == "lo world"
    assert [request.prefix for request in fake.requests] == ["a b c d e f"]


def test_cancelling_closes_the_connection(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("slow", hang=True)
    connected.open(uri_of(tmp_path), "a")
    number = connected.ask_ghost_text(uri_of(tmp_path), 0, 1)
    wait_until(lambda: fake.requests)

    connected.notify("$/cancelRequest", {"id": number})

    assert connected.answer(number)["error"]["code"] == -32800
    wait_until(lambda: fake.abandoned)


def test_leaving_closes_the_connection(fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("slow", hang=True)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        one.open(uri_of(tmp_path), "a")
        one.ask_ghost_text(uri_of(tmp_path), 0, 1)
        wait_until(lambda: fake.requests)
    wait_until(lambda: fake.abandoned)


def test_a_server_that_is_down_is_said_once_and_found_again(tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    with ExitStack() as stack:
        with reserved_port() as port:
            one = stack.enter_context(editor("--server", f"http://127.0.0.1:{port}"))
            one.initialize(tmp_path)
            one.open(uri, "a")
            assert [one.ghost_text(uri, 0, 1) for _ in range(5)] == [[]] * 5
            one.said("vernacular/status", lambda status: status["state"] == "unreachable")
            assert one.ghost_text(uri, 0, 1, invoked=True) == []
        stack.enter_context(running(FakeServer(reply=Reply("back")), port))
        one.said("vernacular/status", lambda status: status["state"] == "ready")
        assert one.ghost_text(uri, 0, 1)[0]["insertText"] == "back"
        assert [status["state"] for status in one.all_said("vernacular/status")] == ["unreachable", "ready"]
        warnings = [log["message"] for log in one.all_said("window/logMessage") if log["type"] <= 2]
        assert len(warnings) == 1
        assert f"nobody answers at http://127.0.0.1:{port}" in warnings[0]
        assert one.all_said("window/showMessage") == []


def test_a_server_that_starts_is_waited_for(fake: FakeServer, tmp_path: Path) -> None:
    fake.health = starting()
    problem = Problem(code="starting", message="loading the model", retry_after_s=0.2)
    fake.reply = Reply(status=503, problem=problem, retry_after="1")
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        one.open(uri_of(tmp_path), "a")
        assert one.ghost_text(uri_of(tmp_path), 0, 1) == []
        said = one.said("vernacular/status")
        assert said["state"] == "starting"
        assert "loading the model" in said["detail"]
        fake.health, fake.reply = ready(), Reply("ready now")
        one.said("vernacular/status", lambda status: status["state"] == "ready")
        assert one.ghost_text(uri_of(tmp_path), 0, 1)[0]["insertText"] == "ready now"


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(status=500, problem=Problem(code="internal", message="the engine died")), "failed"),
        (Reply(status=502), "failed"),
        (Reply(status=404), "unreachable"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nhtml"), "unreachable"),
        (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), "unreachable"),
        (
            Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: done\ndata: [1]\n\n"),
            "unreachable",
        ),
        (Reply(raw=b""), "unreachable"),
        (Reply("cut", raw=b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"), "unreachable"),
        (Reply("other", protocol=2), "incompatible"),
    ],
)
def test_whatever_the_server_answers_the_editor_is_left_in_peace(
    fake: FakeServer, tmp_path: Path, reply: Reply, state: str
) -> None:
    uri = uri_of(tmp_path)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        one.said("vernacular/status", lambda status: status["state"] == "ready")
        fake.reply = reply
        one.open(uri, "a")
        assert one.ghost_text(uri, 0, 1) == []
        one.said("vernacular/status", lambda status: status["state"] == state)
        fake.reply = Reply("fine")
        assert one.ghost_text(uri, 0, 1, invoked=True)[0]["insertText"] == "fine"
        assert one.all_said("window/showMessage") == []


def test_a_refused_request_is_logged_once_and_stops_no_other(
    connected: Editor, fake: FakeServer, tmp_path: Path
) -> None:
    def refuse_text(request: CompletionRequest) -> Reply:
        problem = Problem(code="unknown_language", message="unknown language 'text'")
        return Reply(status=422, problem=problem) if request.language == "text" else Reply("fine")

    fake.reply = refuse_text
    connected.open(uri_of(tmp_path, "a.unheard"), "a", "unheard")
    connected.open(uri_of(tmp_path), "a")
    for _ in range(3):
        assert connected.ghost_text(uri_of(tmp_path, "a.unheard"), 0, 1) == []
        assert connected.ghost_text(uri_of(tmp_path), 0, 1)[0]["insertText"] == "fine"
    [warning] = [log["message"] for log in connected.all_said("window/logMessage") if log["type"] == 2]
    assert warning == "vernacular: the server refused a request: unknown language 'text'"
    assert [status["state"] for status in connected.all_said("vernacular/status")] == ["ready"]


def test_a_slow_server_is_given_up(fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("never", hang=True)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, timeout_s=1)
        one.open(uri_of(tmp_path), "a")
        assert one.ghost_text(uri_of(tmp_path), 0, 1) == []
        assert "longer than 1 s" in one.said("vernacular/status", lambda said: said["state"] == "slow")["detail"]
        wait_until(lambda: fake.abandoned)


def test_the_model_card_sets_the_budget(fake: FakeServer, tmp_path: Path) -> None:
    small = CARD.model_copy(update={"context_tokens": 200})
    fake.health = ready().model_copy(update={"model": small})
    uri = uri_of(tmp_path)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        one.said("vernacular/status")
        one.open(uri, "word = 1\n" * 1000)
        one.ghost_text(uri, 500, 8)
    assert 100 < len(fake.requests[0].prefix) < 200 * 3.5


def test_settings_are_checked_and_taken(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    uri = uri_of(tmp_path)
    connected.open(uri, "a")
    settings = {"vernacular": {"max_new_token": 5, "single_line": "always", "debounce_ms": "soon"}}
    for _ in range(2):
        connected.notify("workspace/didChangeConfiguration", {"settings": settings})
    connected.ghost_text(uri, 0, 1)

    assert fake.requests[-1].single_line
    [shown] = connected.all_said("window/showMessage")
    assert "unknown setting 'max_new_token' (did you mean 'max_new_tokens'?)" in shown["message"]
    assert "setting 'debounce_ms' is 'soon'" in shown["message"]

    connected.notify("workspace/didChangeConfiguration", {"settings": {"vernacular": {"enabled": False}}})
    assert connected.ghost_text(uri, 0, 1) == []


def test_another_server_is_asked_after_its_setting_changed(connected: Editor, tmp_path: Path) -> None:
    connected.open(uri_of(tmp_path), "a")
    with running(FakeServer(reply=Reply("from the other"))) as other:
        connected.notify("workspace/didChangeConfiguration", {"settings": {"server_url": other.url}})
        assert connected.ghost_text(uri_of(tmp_path), 0, 1)[0]["insertText"] == "from the other"


def test_a_lone_surrogate_is_no_trouble(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    connected.open(uri_of(tmp_path), "x = '\ud83d' + ")
    assert connected.ghost_text(uri_of(tmp_path), 0, 10)
    assert fake.requests[-1].prefix == "x = '?' + "


def test_unknown_languages_are_text_and_moonbit_is_known(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    def language_of(name: str, editor_id: str) -> str:
        connected.open(uri_of(tmp_path, name), "a", editor_id)
        connected.ghost_text(uri_of(tmp_path, name), 0, 1)
        return fake.requests[-1].language

    assert language_of("a.mbt", "moonbit") == "moonbit"
    assert language_of("b.mbt", "plaintext") == "moonbit"
    assert language_of("c.unheard", "unheard") == "text"


def test_the_request_says_no_more_than_it_must(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    outside = tmp_path.parent / "elsewhere.py"
    connected.open(outside.as_uri(), "a")
    connected.ghost_text(outside.as_uri(), 0, 1)
    request: CompletionRequest = fake.requests[-1]
    assert (request.path, request.repository) == ("elsewhere.py", "")


def test_ten_thousand_open_brackets_in_one_message(connected: Editor, tmp_path: Path) -> None:
    connected.open(uri_of(tmp_path), "[" * 10_000 + "\n" * 10_000)
    assert connected.ghost_text(uri_of(tmp_path), 0, 10_000)

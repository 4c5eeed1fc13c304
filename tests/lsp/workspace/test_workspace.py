"""A workspace on the disk, indexed by the real thread, asked as the language server asks."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from completion.parsing import Parsing
from core.language_files import load_languages
from core.wire import ContextPiece, PieceKind
from lsp.context import Budget, Origin, piece_bytes
from lsp.documents import Document, Place
from lsp.workspace.limits import Limits
from lsp.workspace.workspace import Workspace

LEVY = Path(__file__).parent.parent.parent.parent / "examples" / "levy"
REGISTRY = load_languages([LEVY / "languages"], {})
BUDGET = Budget(prefix_bytes=6000, suffix_bytes=2000, context_bytes=3000)
WAIT_S = 60

Make = Callable[..., Workspace]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Workspace] = []

    def start(*folders: Path, ignore: tuple[str, ...] = (), limits: Limits | None = None) -> Workspace:
        workspace = Workspace(folders, REGISTRY, ignore, limits)
        made.append(workspace)
        workspace.start()
        assert workspace.wait(WAIT_S)
        return workspace

    yield start
    for workspace in made:
        workspace.close()


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def document(folder: Path, name: str, text: str) -> tuple[Document, Place]:
    """A document from a text with the cursor at `|`."""
    before, after = text.split("|")
    place = Place(before.count("\n"), len(before) - before.rfind("\n") - 1)
    return Document.of((folder / name).as_uri(), before + after, ""), place


def ask(workspace: Workspace, folder: Path, name: str, text: str, **more: object) -> tuple[ContextPiece, ...]:
    opened, place = document(folder, name, text)
    workspace.opened(opened)
    origin = Origin(REGISTRY.for_path(name).name, name, folder.name)
    workspace.pieces(opened, place, origin, BUDGET)  # turns the workspace's attention to the document
    assert workspace.wait(WAIT_S)
    return workspace.pieces(opened, place, origin, BUDGET, **more)  # type: ignore[arg-type]


def of_kind(pieces: tuple[ContextPiece, ...], kind: PieceKind) -> dict[str, str]:
    return {piece.path: piece.text for piece in pieces if piece.kind is kind}


MONEY = """\
; Small helpers.

;; The amount at the nearest five cents.
rule cash-rounded(amount: Money): Money
  gives amount rounded to 0.05 EUR.

record Parcel has
  weight: Mass,
  express: Flag.
"""


def test_declarations_that_are_used_come_from_other_files_of_an_in_house_language(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"shared/money.levy": MONEY, "shared/other.levy": "rule unrelated(a: Money): Money\n"})
    pieces = ask(
        make(tmp_path), tmp_path, "tariffs/a.levy", "rule fee(parcel: Parcel): Money\n  gives cash-rounded(|)\n"
    )
    assert [piece.kind for piece in pieces][:2] == [PieceKind.MANUAL, PieceKind.DECLARATION]
    assert of_kind(pieces, PieceKind.DECLARATION) == {
        "shared/money.levy": "rule cash-rounded(amount: Money): Money\n"
        "record Parcel has\n  weight: Mass,\n  express: Flag."
    }


def test_a_language_that_nobody_described_is_served_too(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"money.tariff": MONEY, "notes.txt": "rule cash-rounded(wrong)\n"})
    pieces = ask(make(tmp_path), tmp_path, "a.tariff", "rule fee(parcel: Parcel): Money\n  gives |\n")
    assert of_kind(pieces, PieceKind.DECLARATION) == {
        "money.tariff": "record Parcel has\n  weight: Mass,\n  express: Flag."
    }


def test_what_is_imported_is_shown_before_anything_of_it_is_used(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"shared/money.levy": MONEY, "other/money.levy": "rule elsewhere(a: Money): Money\n  gives a.\n"})
    pieces = ask(make(tmp_path), tmp_path, "tariffs/a.levy", 'use "../shared/money.levy".\n\n|\n')
    assert list(of_kind(pieces, PieceKind.DECLARATION)) == ["shared/money.levy"]


def test_languages_do_not_see_each_other(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"a.lua": "function shared_name(a)\nend\n", "b.py": "def other(): pass\n"})
    pieces = ask(make(tmp_path), tmp_path, "c.py", "x = shared_name(|)\n")
    assert of_kind(pieces, PieceKind.DECLARATION) == {}


def test_pieces_are_the_same_for_each_key_stroke_on_a_line(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"shared/money.levy": MONEY})
    workspace = make(tmp_path)
    ask(workspace, tmp_path, "a.levy", "rule fee(parcel: Parcel): Money\n  |\n")
    given = []
    line = "  gives rounded(weight of parcel"
    for end in range(2, len(line)):
        opened, place = document(tmp_path, "a.levy", f"rule fee(parcel: Parcel): Money\n{line[:end]}|\n")
        workspace.edited(opened)
        given.append(workspace.pieces(opened, place, Origin("levy", "a.levy"), BUDGET))
    assert len(set(given)) == 1
    assert of_kind(given[0], PieceKind.DECLARATION)


def test_a_finished_name_adds_its_declaration_after_what_is_shown(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"shared/money.levy": MONEY})
    workspace = make(tmp_path)
    before = ask(workspace, tmp_path, "a.levy", "rule fee(parcel: Parcel): Money\n  |\n")
    assert "cash-rounded" not in of_kind(before, PieceKind.DECLARATION)["shared/money.levy"]
    opened, place = document(tmp_path, "a.levy", "rule fee(parcel: Parcel): Money\n  gives cash-rounded(|\n")
    after = workspace.pieces(opened, place, Origin("levy", "a.levy"), BUDGET)
    text = of_kind(after, PieceKind.DECLARATION)["shared/money.levy"]
    assert text == of_kind(before, PieceKind.DECLARATION)["shared/money.levy"] + (
        "\nrule cash-rounded(amount: Money): Money"
    )


def test_similar_code_is_found_with_what_comes_after_it(tmp_path: Path, make: Make) -> None:
    filler = "".join(f"def plain_{number}(a):\n    return a + {number}\n\n" for number in range(40))
    like = (
        "def open_ledger(path):\n    ledger = Ledger.load(path)\n    ledger.check_balance()\n"
        "    ledger.close_period(AUDIT)\n    return ledger\n"
    )
    write(tmp_path, **{"near.py": filler + like + filler, "far.py": filler})
    text = filler + "def close_ledger(path):\n    ledger = Ledger.load(path)\n    ledger.check_balance()\n    |\n"
    pieces = ask(make(tmp_path), tmp_path, "a.py", text)
    similar = [piece for piece in pieces if piece.kind is PieceKind.SIMILAR]
    assert "ledger.close_period(AUDIT)" in similar[0].text
    assert similar[0].path == "near.py"


def test_recent_edits_of_other_documents_are_shown(tmp_path: Path, make: Make) -> None:
    workspace = make(tmp_path)
    ask(workspace, tmp_path, "b.py", "def one():\n    return total\n|")
    other, _ = document(tmp_path, "b.py", "def one():\n    return subtotal\n|")
    workspace.edited(other)
    assert workspace.wait(WAIT_S)
    pieces = ask(workspace, tmp_path, "a.py", "x = |\n")
    assert of_kind(pieces, PieceKind.EDIT) == {"b.py": "-    return total\n+    return subtotal"}
    here = ask(workspace, tmp_path, "b.py", "def one():\n    return subtotal\n|")
    assert of_kind(here, PieceKind.EDIT) == {}, "the request holds that line anyway"


def test_diagnostics_at_the_cursor_come_last(tmp_path: Path, make: Make) -> None:
    pieces = ask(
        make(tmp_path), tmp_path, "a.py", "x = 1\ny = |\n", diagnostics=[(1, "no value\nhere"), (90, "far away")]
    )
    assert pieces[-1] == ContextPiece(kind=PieceKind.DIAGNOSTIC, path="a.py", text="line 2: no value here")


def test_everything_together_keeps_to_the_budget_and_the_order(tmp_path: Path, make: Make) -> None:
    names = [f"measure_{number}" for number in range(60)]
    files = {f"m{n}.py": f"def {name}(a, b, c):\n    return {name}_inner(a)\n" * 3 for n, name in enumerate(names)}
    write(tmp_path, **files)
    text = "".join(f"x = {name}(1)\ny = {name}_inner(2)\n" for name in names) + "|\n"
    pieces = ask(make(tmp_path), tmp_path, "a.py", text, diagnostics=[(120, "wrong")])
    assert sum(map(piece_bytes, pieces)) <= BUDGET.context_bytes
    order = list(PieceKind)
    assert [piece.kind for piece in pieces] == sorted((piece.kind for piece in pieces), key=order.index)
    assert {PieceKind.MANUAL, PieceKind.DECLARATION, PieceKind.DIAGNOSTIC} <= {piece.kind for piece in pieces}


def test_an_open_document_counts_and_not_the_file(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"b.py": "def helper(old):\n    pass\n"})
    workspace = make(tmp_path)
    ask(workspace, tmp_path, "b.py", "def helper(new):\n    pass\n|")
    assert of_kind(ask(workspace, tmp_path, "a.py", "helper(|)\n"), PieceKind.DECLARATION) == {
        "b.py": "def helper(new):"
    }
    workspace.closed((tmp_path / "b.py").as_uri())
    assert workspace.wait(WAIT_S)
    assert of_kind(ask(workspace, tmp_path, "a.py", "\nhelper(|)\n"), PieceKind.DECLARATION) == {
        "b.py": "def helper(old):"
    }


def test_files_that_change_come_and_go(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"b.py": "def helper(old):\n    pass\n"})
    workspace = make(tmp_path)
    steps = [
        ("def helper(new):\n    pass\n", {"b.py": "def helper(new):"}),
        (None, {}),
        ("def helper(again):\n    pass\n", {"b.py": "def helper(again):"}),
    ]
    for lines, (text, expected) in enumerate(steps, 1):
        if text is None:
            (tmp_path / "b.py").unlink()
        else:
            write(tmp_path, **{"b.py": text})
        workspace.changed(tmp_path / "b.py")
        assert workspace.wait(WAIT_S)
        pieces = ask(workspace, tmp_path, "a.py", "\n" * lines + "helper(|)\n")
        assert of_kind(pieces, PieceKind.DECLARATION) == expected


def test_secrets_ignored_files_and_what_lies_outside_are_never_shown(tmp_path: Path, make: Make) -> None:
    root = tmp_path / "root"
    (tmp_path / "outside").mkdir()
    write(tmp_path / "outside", **{"o.py": "def helper(outside): pass\n"})
    write(
        root,
        **{
            ".gitignore": "build/\n*.gen.py\n!kept.gen.py\n",
            "inner/.gitignore": "/local.py\n",
            "build/b.py": "def helper(built): pass\n",
            "a.gen.py": "def helper(generated): pass\n",
            "kept.gen.py": "def helper(kept): pass\n",
            "inner/local.py": "def helper(local): pass\n",
            "inner/deep/local.py": "def helper(deep_local): pass\n",
            "drafts/d.py": "def helper(draft): pass\n",
            "node_modules/n.py": "def helper(vendored): pass\n",
            ".ssh/s.py": "def helper(keys): pass\n",
            ".env.py": "def helper(environment): pass\n",
        },
    )
    (root / "link.py").symlink_to(tmp_path / "outside" / "o.py")
    (root / "linked").symlink_to(tmp_path / "outside", target_is_directory=True)
    (root / "loop").symlink_to(root, target_is_directory=True)
    workspace = make(root, ignore=("drafts/",))
    workspace.changed(root / "linked" / "o.py")
    workspace.changed(tmp_path / "outside" / "o.py")
    workspace.changed(root / "build" / "b.py")
    assert workspace.wait(WAIT_S)
    found = of_kind(ask(workspace, root, "a.py", "helper(|)\n"), PieceKind.DECLARATION)
    assert set(found) == {"kept.gen.py", "inner/deep/local.py"}
    for outside in (tmp_path / "outside" / "o.py", root / ".env.py"):
        secret, place = document(outside.parent, outside.name, "helper(|)\n")
        workspace.opened(secret)
        pieces = workspace.pieces(secret, place, Origin("python", outside.name), BUDGET)
        assert of_kind(pieces, PieceKind.DECLARATION) == {}
    assert workspace.is_secret((root / ".env.py").as_uri())


def test_a_changed_gitignore_is_followed(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"b.py": "def helper(b): pass\n"})
    workspace = make(tmp_path)
    write(tmp_path, **{".gitignore": "b.py\n"})
    workspace.changed(tmp_path / ".gitignore")
    assert workspace.wait(WAIT_S)
    assert workspace.status.files == 0


def test_several_folders_have_names_of_their_own(tmp_path: Path, make: Make) -> None:
    write(tmp_path, **{"one/lib/b.py": "def helper(one): pass\n", "two/lib/c.py": "def helper(two): pass\n"})
    workspace = make(tmp_path / "one" / "lib", tmp_path / "two" / "lib", tmp_path / "missing")
    found = of_kind(ask(workspace, tmp_path / "one" / "lib", "a.py", "helper(|)\n"), PieceKind.DECLARATION)
    assert sorted(text.partition(":")[0] for text in found.values()) == ["def helper(one)", "def helper(two)"]
    assert {path.split("/")[1] for path in found} == {"b.py", "c.py"}


def test_a_workspace_of_bad_files_is_survived(tmp_path: Path, make: Make) -> None:
    (tmp_path / "binary.py").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "half.py").write_bytes("def helper(é".encode()[:-1] + b"\n")
    (tmp_path / "line.py").write_text("x = [" + "1, " * 100_000 + "]\n")
    (tmp_path / "large.py").write_text("def helper(large): pass\n" * 50_000)
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "good.py").write_text("def helper(good): pass\n")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "closed").mkdir(mode=0)
    workspace = make(tmp_path)
    found = of_kind(ask(workspace, tmp_path, "a.py", "helper(|)\n"), PieceKind.DECLARATION)
    assert found["good.py"].startswith("def helper(good):")
    assert set(found) <= {"good.py", "half.py"}


@pytest.mark.parametrize(
    "grammar",
    [
        pytest.param('import re\ndef language():\n    re.match(r"(a|a)+$", "a" * 64 + "b")\n', id="hangs"),
        pytest.param("import os\ndef language():\n    os.abort()\n", id="crashes"),
    ],
)
def test_a_grammar_that_is_no_good_costs_no_declaration(tmp_path: Path, grammar: str) -> None:
    modules, languages, code = (tmp_path / name for name in ("modules", "languages", "code"))
    write(modules, **{"bad_grammar.py": grammar})
    described = "name: inhouse\ndisplay_name: In-house\nextensions: [.inh]\ndefinition_keywords: [rule]\n"
    write(languages, **{"inhouse.yaml": described + "grammar: {package: bad-grammar, module: bad_grammar}\n"})
    write(code, **{f"part{number}.inh": f"rule price_{number}(hours)\n  hours\n" for number in range(6)})
    registry = load_languages([languages], {})
    workspace = Workspace([code], registry, parsing=Parsing([modules]))
    workspace.start()
    assert workspace.wait(WAIT_S)
    opened, place = document(code, "typed.inh", "price_3(|)\n")
    workspace.opened(opened)
    assert workspace.wait(WAIT_S)
    pieces = workspace.pieces(opened, place, Origin("inhouse", "typed.inh", "code"), BUDGET)
    workspace.close()
    assert any("rule price_3(hours)" in piece.text for piece in pieces)
    assert workspace.status.files == 7


def test_files_that_vanish_while_they_are_indexed(tmp_path: Path) -> None:
    for number in range(300):
        write(tmp_path, **{f"d{number % 10}/f{number}.py": f"def name_{number}(): pass\n"})
    workspace = Workspace([tmp_path], REGISTRY)
    workspace.start()
    order = list(range(300))
    random.Random(7).shuffle(order)
    for number in order[:200]:
        path = tmp_path / f"d{number % 10}" / f"f{number}.py"
        path.unlink()
        workspace.changed(path)
    assert workspace.wait(WAIT_S)
    assert workspace.status.files == 100
    workspace.close()


def test_limits_hold_and_are_told(tmp_path: Path, make: Make) -> None:
    for number in range(50):
        write(tmp_path, **{f"f{number}.py": f"def name_{number}(): pass\n"})
    status = make(tmp_path, limits=Limits(files=20)).status
    assert (status.files, status.left_out) == (20, 30)
    assert str(status) == "indexed 20 files with 20 declarations, 30 files left out (limits)"


def test_five_thousand_files_are_all_found(tmp_path: Path, make: Make) -> None:
    for number in range(5000):
        path = tmp_path / f"d{number % 50}" / f"f{number}.levy"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"" if number % 2 else b"rule name-%d(a: Money): Money\n  gives a.\n" % number)
    workspace = make(tmp_path)
    assert workspace.status.files == 5000
    assert workspace.status.declarations == 2500


@pytest.mark.parametrize(
    "text",
    ["x = '" + "y" * 10_000_000 + "|'\n", "value = 1\n" * 200_000 + "|\n", "a\ud800 = \x00|\n"],
    ids=["one line of ten megabytes", "200,000 lines", "half a surrogate pair"],
)
def test_documents_of_any_kind_get_an_answer(tmp_path: Path, make: Make, text: str) -> None:
    write(tmp_path, **{"b.py": "def value(): pass\n"})
    pieces = ask(make(tmp_path), tmp_path, "a.py", text)
    assert sum(map(piece_bytes, pieces)) <= BUDGET.context_bytes
    for piece in pieces:
        piece.model_dump_json()

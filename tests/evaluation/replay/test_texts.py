"""Which texts are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.language_files import load_languages
from evaluation.replay.texts import passages

LINES = "".join(f"local value_{number} = {number}\n" for number in range(100))
REGISTRY = load_languages()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def heldout(tmp_path: Path, *documents: tuple[str, str]) -> Path:
    rows = [{"language": "lua", "package": package, "path": path, "text": LINES} for package, path in documents]
    return write(tmp_path / "heldout.jsonl", "\n".join(map(json.dumps, rows)))


def test_a_source_is_typed_whole_with_the_others_beside_it(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.lua", LINES), write(tmp_path / "b.py", "x = 1\r\n")]
    first, second = passages(files, REGISTRY)
    assert (first.text, first.before, first.after, first.language) == (LINES, "", "", "lua")
    assert (second.text, second.language) == ("x = 1\n", "python")
    assert list(first.siblings) == [second.name]


@pytest.mark.parametrize("inside", [False, True])
def test_a_part_is_whole_lines_and_the_rest_stands_around_it(tmp_path: Path, inside: bool) -> None:
    file = write(tmp_path / "a.lua", LINES)
    made = [passages([file], REGISTRY, seed=seed, characters=200, inside=inside)[0] for seed in range(8)]
    for each in made:
        assert each.before + each.text + each.after == LINES
        assert 150 < len(each.text) <= 200
        assert each.after.startswith("\n"), "it is typed on a line of its own"
        assert each.before == "" or each.before.endswith("\n")
    starts = {each.before for each in made}
    assert len(starts) > 3 if inside else starts == {""}


def test_documents_of_a_package_are_siblings_and_never_their_own(tmp_path: Path) -> None:
    file = heldout(tmp_path, ("p", "a.lua"), ("p", "b.lua"), ("q", "a.lua"))
    made = {each.name: each for each in passages([file], REGISTRY)}
    assert set(made) == {"p/a.lua", "p/b.lua", "q/a.lua"}
    assert list(made["p/a.lua"].siblings) == ["p/b.lua"]
    assert made["q/a.lua"].siblings == {}


def test_documents_are_drawn_by_the_seed(tmp_path: Path) -> None:
    file = heldout(tmp_path, *(("p", f"{number}.lua") for number in range(20)))

    def names(seed: int) -> list[str]:
        return [each.name for each in passages([file], REGISTRY, seed=seed, per_file=5)]

    assert names(1) == names(1)
    assert names(1) != names(2)
    assert len(names(1)) == 5


def test_wrong_files_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        passages([tmp_path / "none.lua"], REGISTRY)
    binary = tmp_path / "b.lua"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        passages([binary], REGISTRY)
    with pytest.raises(ConfigError, match="holds a line"):
        passages([write(tmp_path / "empty.lua", "\n")], REGISTRY)
    with pytest.raises(ConfigError, match="no file is in python"):
        passages([write(tmp_path / "a.lua", LINES)], REGISTRY, languages=["python"])

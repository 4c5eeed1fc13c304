"""The whole build on a small company: what is kept, dropped, masked, split, written; the same again, resumed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import RecipeError
from core.ngram_index import NgramIndex
from evaluation.formats import read_benchmark
from evaluation.heldout.positions import read_heldout
from evaluation.scoring.contamination import task_overlaps
from tests.training.corpora.company import LEAK, MAIL, Company, lua, pdf, write
from training.corpora.build import build
from training.corpora.reading import Entry
from training.corpora.settings import CorpusError, CorpusSettings, Source, load_settings
from training.corpora.show import Show
from training.corpora.tracing import trace
from training.from_nothing.corpus import read_documents

VERNACULAR = Path(sys.executable).with_name("vernacular")


class Said(Show):
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        """See `Show`."""
        self.lines.append(line)


@pytest.fixture(scope="module")
def built(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's corpus."""
    output = tmp_path_factory.mktemp("built") / "corpus"
    build(company.settings(), output)
    return output


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file."""
    yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the one that names the inputs."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "inputs.sha256"}


def reasons(folder: Path) -> dict[str, str]:
    """Path within the source -> why it was dropped."""
    return {f"{line['package']}/{line['path']}": line["reason"] for line in lines(folder / "dropped.jsonl")}


def kept(folder: Path) -> dict[str, str]:
    """Path within the source -> text."""
    files = [*folder.glob("train-*.jsonl"), *folder.glob("heldout-*.jsonl")]
    return {f"{d.package}/{d.path}": d.text for file in files for d in read_documents(file)}


def test_what_is_dropped_and_why(built: Path) -> None:
    found = reasons(built)
    alike = ["code/team0/near.lua", "code/team1/near_again.lua", "code/team2/same.lua"]
    assert sum(found.pop(path, "") in ("near_duplicate", "exact_duplicate") for path in alike) == 2
    assert found == {
        "code/team0/app.min.lua": "minified",
        "code/team0/broken.lua": "binary",
        "code/team0/generated.lua": "generated",
        "code/team0/tiny.lua": "short",
        "code/team0/vendor/lib/other.lua": "vendored",
        "code/team1/solved.lua": "benchmark",
        "code/team3/LICENSE": "licence_file",
    }


def test_every_kind_of_file_is_read(built: Path) -> None:
    texts = kept(built)
    assert {path.rpartition(".")[2] for path in texts if path.startswith("code/docs/")} == {
        *("pdf", "md", "rst", "html", "txt")
    }
    assert "Größe der Fläche" in texts["code/team0/latin.lua"]
    assert texts["code/team0/wide.lua"] == lua(44)
    assert texts["code/docs/page.html"].startswith("# Page\n")
    assert texts["old/src/part60.lua"] == lua(60)


def test_a_history_gives_each_version_once(built: Path) -> None:
    versions = [line for line in lines(built / "origins.jsonl") if line["source"] == "tool"]
    assert [line["path"] for line in versions] == ["first.lua", "first.lua", "gone.lua", "second.lua"]
    assert len({line["blob"] for line in versions}) == 4
    assert all(len(line["commit"]) == 40 for line in versions)


def test_secrets_and_addresses_are_masked_and_counted(built: Path) -> None:
    text = kept(built)["code/team0/leak.lua"]
    assert 'local password = "<KEY>"' in text
    assert "-- @author <NAME> <<EMAIL>>" in text
    everything = b"".join(contents(built).values()).decode(errors="replace")
    assert LEAK not in everything
    assert MAIL not in everything
    masked = json.loads((built / "corpus.json").read_bytes())["languages"]["lua"]["masked"]
    assert masked == {"emails": 1, "names": 1, "notices": 1, "secrets": 1}


def test_whole_groups_are_held_out(built: Path) -> None:
    sides = {line["package"]: line["side"] for line in lines(built / "origins.jsonl")}
    for line in lines(built / "origins.jsonl"):
        assert sides[line["package"]] == line["side"]
    assert set(sides.values()) == {"train", "heldout"}
    assert all(document.language == "lua" for document in read_heldout(built / "heldout-lua.jsonl"))


def test_the_index_holds_what_is_trained_on_and_no_task(built: Path, company: Company) -> None:
    with NgramIndex(built / "train.ngrams") as index:
        index.verify()
        assert index.description.documents == sum(len(read_documents(file)) for file in built.glob("train-*.jsonl"))
        (task,) = task_overlaps(read_benchmark(company.benchmark).tasks, index)
    assert task.share < 0.3


def test_counts_add_up(built: Path) -> None:
    summary = json.loads((built / "corpus.json").read_bytes())
    for entry in summary["languages"].values():
        dropped = sum(count["files"] for count in entry["dropped"].values())
        stayed = sum(entry.get(side, {"files": 0})["files"] for side in ("train", "heldout"))
        assert entry["seen"]["files"] == dropped + stayed
    assert summary["sources"]["code"]["other_kind"] == 1
    assert summary["licences"]["MIT"] == 1
    assert summary["licences"]["Apache-2.0"] == 5
    assert summary["benchmarks"] == {"tasks": 1, "not_judged": 0}
    card = (built / "README.md").read_text(encoding="utf-8")
    assert "planted (solution)" in card
    assert card.count("| lua |") >= 2


def test_the_same_sources_in_another_order_and_place_give_the_same_bytes(
    company: Company, built: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(company.folder.parent, moved)
    settings = company.settings()
    sources = [
        source.model_copy(update={source.kind: str(moved / source.path.name)}) for source in reversed(settings.sources)
    ]
    build(settings.model_copy(update={"sources": tuple(sources), "workers": 1}), tmp_path / "again")
    assert contents(tmp_path / "again") == contents(built)


def test_another_seed_gives_another_order_of_the_same_documents(company: Company, tmp_path: Path, built: Path) -> None:
    changes: dict[str, object] = {"seed": 2, "duplicates": {"similarity": 1.0}, "split": {"groups": ["old"]}}
    build(company.settings(**changes), tmp_path / "two")
    build(company.settings(**changes | {"seed": 3}), tmp_path / "three")
    two, three = kept(tmp_path / "two"), kept(tmp_path / "three")
    assert list(two) != list(three)
    assert {path for path in two if path.startswith("old")} == {path for path in three if path.startswith("old")}


def test_an_unchanged_corpus_is_left_alone(company: Company, built: Path) -> None:
    said = Said()
    before = contents(built)
    build(company.settings(), built, said)
    assert said.lines == [f"{built}: unchanged"]
    assert contents(built) == before


class _StoppedError(Exception):
    pass


@pytest.mark.parametrize("files", [3, 20, 45])
def test_an_interrupted_build_goes_on(
    company: Company, built: Path, tmp_path: Path, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after so many reads; no read of a finished batch is repeated."""
    from training.corpora import collecting

    monkeypatch.setattr(collecting, "_BATCH_ENTRIES", 2)
    monkeypatch.setattr(collecting, "_BATCH_BYTES", 3000)
    reads: list[str] = []
    job = collecting.Collector.job

    def counted(self: collecting.Collector, entry: Entry, source: Source) -> object:
        if len(reads) == files:
            raise _StoppedError
        reads.append(entry.path)
        return job(self, entry, source)

    monkeypatch.setattr(collecting.Collector, "job", counted)
    settings = company.settings(workers=1)
    with pytest.raises(_StoppedError):
        build(settings, tmp_path / "corpus")
    assert not (tmp_path / "corpus" / "corpus.json").exists()
    reads.clear()
    files = -1
    said = Said()
    build(settings, tmp_path / "corpus", said)
    assert said.lines == ["going on with a build that was interrupted"]
    everything = sum(json.loads((built / "corpus.json").read_bytes())["sources"]["code"].values()) + 6
    assert len(reads) <= max(everything + 10 - files, 1)
    assert contents(tmp_path / "corpus") == contents(built)


def test_killed_by_the_system_it_goes_on(company: Company, built: Path, tmp_path: Path) -> None:
    file = tmp_path / "corpus.yaml"
    sources = "\n".join(
        f"  - {{{s.kind}: {s.path}, name: {s.name}" + (", history: commits}" if s.kind == "git" else "}")
        for s in company.settings().sources
    )
    file.write_text(
        f"languages: [lua]\nsources:\n{sources}\ndecontamination:\n  benchmarks: [{{file: {company.benchmark}}}]\n",
        encoding="utf-8",
    )
    command = [str(VERNACULAR), "corpus", "build", str(file), "--output", str(tmp_path / "corpus")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (tmp_path / "corpus" / ".work").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "corpus") == contents(built)
    assert not (tmp_path / "corpus" / ".work").exists()
    assert "near_duplicate" in done.stdout


def test_trace_finds_by_text_and_by_path(built: Path) -> None:
    assert [line["path"] for line in trace(built, "größe DER fläche")] == ["latin.lua"]
    assert {line["path"] for line in trace(built, "code/docs/manual")} == {"manual.pdf"}
    assert list(trace(built, "nowhere to be found")) == []
    with pytest.raises(CorpusError, match="holds no whole corpus"):
        list(trace(built.parent, "x"))


def test_what_the_checker_refuses_goes(company: Company, tmp_path: Path) -> None:
    if shutil.which("luac5.4") is None:
        pytest.skip("luac5.4 is not installed")
    settings = company.settings(check={"languages": ["lua"], "sandbox": "none"}, documentation=None)
    build(settings, tmp_path / "corpus")
    refused = [line for line in lines(tmp_path / "corpus" / "dropped.jsonl") if line["reason"] == "refused_by_checker"]
    assert [line["path"] for line in refused] == ["syntax.lua"]
    assert "expected" in refused[0]["detail"]


def test_a_secret_may_cost_the_file(company: Company, tmp_path: Path) -> None:
    build(company.settings(secrets="drop", ngram_index=False), tmp_path / "corpus")
    assert reasons(tmp_path / "corpus")["code/team0/leak.lua"] == "secret"
    assert not (tmp_path / "corpus" / "train.ngrams").exists()


def settings_of(tmp_path: Path, text: str) -> CorpusSettings:
    (tmp_path / "corpus.yaml").write_text(text, encoding="utf-8")
    return load_settings(tmp_path / "corpus.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("languages: [lua]\nsources: [{foldr: x}]\n", r"did you mean 'folder'|folder"),
        ("languages: [lua]\nsources: [{folder: x, git: y}]\n", "only one"),
        ("languages: [lua]\nsources: [{folder: x, history: commits}]\n", "for a git repository"),
        ("languages: [lua]\nsources: [{folder: a/x}, {git: b/x}]\n", "2 sources are called 'x'"),
        ("languages: [lua]\nsources: [{folder: x}]\ncheck: {languages: [r]}\n", "not among the languages"),
        ("languages: [text]\nsources: [{folder: x}]\n", "is what documentation is"),
        ("languages: []\nsources: [{folder: x}]\n", "languages"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message) as problem:
        settings_of(tmp_path, text)
    assert "corpus.yaml:" in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("folder: nowhere", "no such folder"),
        ("archive: nowhere.zip", "no such archive"),
        ("archive: damaged.tar.gz", "is damaged, or neither tar nor zip"),
        ("archive: cut.tar.gz", "is damaged, or neither tar nor zip"),
        ("archive: plain", "is no archive"),
        ("documents: nowhere.jsonl", "no such file of documents"),
        ("documents: cut.jsonl", "cut.jsonl, line 2: is no document; a line is"),
        ("git: plain", "is no git repository"),
        ("git: nowhere", "no such git repository"),
        ("folder: plain", r"no usable file in the sources; dropped: 1 short \(shorter than the limit\); 1 other_kind"),
        ("folder: empty", "there was no file at all"),
    ],
)
def test_a_wrong_source_is_one_line(tmp_path: Path, company: Company, source: str, message: str) -> None:
    write(tmp_path, {"plain/a.lua": "x=1\n", "plain/b.bin": b"\0", "damaged.tar.gz": b"\x1f\x8bno"})
    (tmp_path / "empty").mkdir()
    whole = company.archive.read_bytes()
    first = json.dumps({"path": "a.lua", "text": lua(1)})
    write(tmp_path, {"cut.tar.gz": whole[: len(whole) // 2], "cut.jsonl": f"{first}\n{first[:-9]}\n"})
    settings = settings_of(tmp_path, f"languages: [lua]\nsources: [{{{source}}}]\n")
    with pytest.raises(CorpusError, match=message) as problem:
        build(settings, tmp_path / "corpus")
    assert "\n" not in str(problem.value)
    assert not list((tmp_path / "corpus").glob("*.jsonl"))


def test_a_corpus_within_its_source_does_not_read_itself(tmp_path: Path) -> None:
    write(tmp_path, {"code/a.lua": lua(1), "code/b.lua": lua(2)})
    settings = settings_of(tmp_path, "languages: [lua]\nsources: [{folder: code, depth: 0}]\n")
    build(settings, tmp_path / "code" / "corpus")
    said = Said()
    build(settings, tmp_path / "code" / "corpus", said)
    assert said.lines[-1].endswith("unchanged")
    assert set(kept(tmp_path / "code" / "corpus")) == {"code/a.lua", "code/b.lua"}


def test_a_corpus_is_read_again_as_a_source(tmp_path: Path) -> None:
    write(tmp_path, {"code/one/a.lua": lua(1), "code/two/b/c.lua": lua(2), "code/three/d.lua": lua(3)})
    build(
        settings_of(tmp_path, "languages: [lua]\nsources: [{folder: code}]\nsplit: {held_out: 0}\n"), tmp_path / "old"
    )
    source = "sources: [{documents: old/train-lua.jsonl, name: code, depth: 2}]"
    split = "split: {held_out: 0, groups: [code/code/two]}"
    build(settings_of(tmp_path, f"languages: [lua]\n{source}\n{split}\n"), tmp_path / "new")
    first, second = ({line["text"] for line in lines(tmp_path / name / "train-lua.jsonl")} for name in ("old", "new"))
    (held_out,) = lines(tmp_path / "new" / "heldout-lua.jsonl")
    assert (held_out["package"], held_out["path"]) == ("code/code/two", "b/c.lua")
    assert first == second | {held_out["text"]}


def test_broken_and_encrypted_pdfs_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {"docs/cut.pdf": pdf("words")[:200], "docs/a.lua": lua(1), "docs/blank.pdf": pdf("")})
    build(settings_of(tmp_path, "languages: [lua]\nsources: [{folder: docs}]\n"), tmp_path / "corpus")
    assert reasons(tmp_path / "corpus") == {"docs/cut.pdf": "damaged_pdf", "docs/blank.pdf": "empty_pdf"}


def test_a_full_disk_is_one_line_and_the_work_is_used_again(
    company: Company, tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.corpora import build as building

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(CorpusError, match="the disk is full") as problem:
        patched.setattr(building, "write_documents", full)
        build(company.settings(), tmp_path / "corpus")
    assert "\n" not in str(problem.value)
    said = Said()
    build(company.settings(), tmp_path / "corpus", said)
    assert said.lines == ["going on with a build that was interrupted"]
    assert contents(tmp_path / "corpus") == contents(built)


def test_two_builds_cannot_use_one_folder(company: Company, tmp_path: Path) -> None:
    from training.corpora.store import Store

    held = Store(tmp_path / "corpus" / ".work" / "corpus.sqlite")
    with held, pytest.raises(CorpusError, match="another build is writing there"):
        build(company.settings(), tmp_path / "corpus")

"""Typing real files before this system, the bare vLLM and llama.cpp: same machine, model, files and key strokes.

All servers are up during the whole run, one of them busy at a time. Passage by passage every condition has its turn,
in an order that rotates, so that a machine whose speed drifts drifts for all. What the person does at a place of the
text depends on the seed alone (`evaluation/replay`).

    python -m benchmarks.typing FILES... [--documents 6] [--characters 400] [--minutes 240] [--only NAME ...]

`FILES` are sources and JSONL of held-out documents. A run that was stopped goes on in `--folder`; one that is out of
`--minutes` ends after the passage that is being typed, and says how many it had. Goals, where their conditions were
run: median time from key to right text at most half of the naive client's and of llama.cpp's, for the model alone and
for both; the 95th percentile at most half of the naive client's and no more than llama.cpp's; prompt tokens computed at
most a quarter of the naive client's; characters saved above the naive client's and above either proposer's alone, by a
paired interval over files that leaves out zero. Times are compared in the strokes where both were right, and each
side's over its own strokes. `immediate` is this system in an editor without a pause, which is how the peers are asked.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.llama_cpp import llama_server
from benchmarks.peers.vllm_bare import vllm_server
from benchmarks.report import publish
from benchmarks.serving import Server
from core.errors import VernacularError
from core.language_files import load_languages
from evaluation.replay.clients.registry import client_named
from evaluation.replay.figures import Difference, computed_tokens, differences
from evaluation.replay.person import Habits
from evaluation.replay.play import Passage
from evaluation.replay.records import RECORDS, Conditions, FileRecord, read_record
from evaluation.replay.run import replay
from evaluation.replay.table import report, rows, signed
from evaluation.replay.texts import passages

LANGUAGES = (Path("examples/levy/languages"),)
PAIRED = "key to right text where both are right, "
SAVED = "characters saved"
COMPARED = (SAVED, "wrong per 100 characters", PAIRED + "p50", PAIRED + "p95", "requests per key")
PLAIN = "key to right text, "
OURS, NAIVE, LLAMA = "ours", "naive", "llama"
PROFILES = ("vscode", "neovim", "immediate")
BASE = "both, vscode"
FEATURES: Mapping[str, Mapping[str, Any]] = {
    "not asking early": {"ask_early": False},
    "not asking ahead": {"ask_ahead": False},
    "asking at each key": {"debounce_ms": 0},
    "deadline 150 ms": {"deadline_ms": 150},
    "deadline 1 s": {"deadline_ms": 1000},
    "without other files": {"context": False},
    "always one line": {"single_line": "always"},
    "several lines": {"single_line": "never"},
}
"""What `--features` compares with `BASE`: the defaults with these settings put over them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One side: a server, and who asks it."""

    server: str
    client: str
    profile: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


def conditions(template: str) -> dict[str, Condition]:
    """Every side by name; `template` is the model's own layout."""
    ours = {
        f"{proposers}, {profile}": Condition(OURS, "lsp", profile, {"proposers": proposers})
        for profile in PROFILES
        for proposers in ("model", "lines", "both")
    }
    return ours | {
        "naive, vLLM": Condition(NAIVE, "naive", settings={"template": template}),
        "llama.vim, llama.cpp": Condition(LLAMA, "llama-vim", settings={"template": template}),
    }


def features() -> dict[str, Condition]:
    """The defaults, and each of `FEATURES`."""
    settings = {BASE: {}, **FEATURES}
    return {name: Condition(OURS, "lsp", "vscode", each) for name, each in settings.items()}


def main() -> None:
    """Type, print, write `results/typing.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="sources, and JSONL of held-out documents")
    parser.add_argument("--model", type=Path, default=Path("server/embedded_model"), help="a model folder")
    parser.add_argument("--documents", type=int, default=6, help="documents of each JSONL")
    parser.add_argument("--characters", type=int, default=400, help="typed of each file")
    parser.add_argument("--inside", action="store_true", help="type inside the files, not at their start")
    parser.add_argument("--minutes", type=float, default=240, help="of the whole run")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="conditions to run; all if not given")
    parser.add_argument("--features", action="store_true", help="compare the defaults with single settings instead")
    parser.add_argument("--watch", action="store_true", help="take no proposal: each condition sees every key")
    parser.add_argument("--seed", type=int, default=1, help="chooses passages and strokes")
    parser.add_argument("--folder", type=Path, default=Path("runs/typing"), help="keeps what is done")
    parser.add_argument("--name", default="", help="of the file in results/; by what is compared if not given")
    parser.add_argument("--report", action="store_true", help="type nothing: publish what the folder has of all sides")
    arguments = parser.parse_args()
    try:
        _measure(arguments)
    except VernacularError as error:
        sys.exit(f"error: {error}")


def _measure(arguments: argparse.Namespace) -> None:
    described = json.loads((arguments.model / "vernacular.json").read_text(encoding="utf-8"))
    sides = features() if arguments.features else conditions(str(described["template"]))
    if unknown := [name for name in arguments.only if name not in sides]:
        sys.exit(f"error: there is no condition {unknown[0]!r}; known: {'; '.join(sides)}")
    sides = {name: side for name, side in sides.items() if not arguments.only or name in arguments.only}
    texts = passages(
        arguments.files,
        load_languages(LANGUAGES),
        seed=arguments.seed,
        characters=arguments.characters,
        inside=arguments.inside,
        per_file=arguments.documents,
    )
    texts = _by_turns(texts)
    if arguments.report:
        texts = _typed_by_all(texts, sides, arguments.folder)
    with ExitStack() as stack:
        wanted = set() if arguments.report else {side.server for side in sides.values()}
        urls = _servers(stack, arguments.model, wanted)
        records = _type(texts, sides, urls, arguments)
    _publish(records, sides, arguments, str(described["name"]))


def _servers(stack: ExitStack, model: Path, wanted: set[str]) -> dict[str, str]:
    """Start what is wanted; URL by name."""
    urls: dict[str, str] = {}
    if OURS in wanted:
        server = Server(model, *(word for folder in LANGUAGES for word in ("--languages", str(folder))))
        stack.callback(server.close)
        urls[OURS] = f"http://127.0.0.1:{server.port}"
    if NAIVE in wanted:
        urls[NAIVE] = stack.enter_context(vllm_server(model))
    if LLAMA in wanted:
        urls[LLAMA] = stack.enter_context(llama_server(model))
    return urls


def _type(
    texts: Sequence[Passage], sides: Mapping[str, Condition], urls: Mapping[str, str], arguments: argparse.Namespace
) -> dict[str, list[FileRecord]]:
    """Records of the passages that every side has typed."""
    records: dict[str, list[FileRecord]] = {name: [] for name in sides}
    ends_s = time.monotonic() + arguments.minutes * 60
    names = list(sides)
    for turn, text in enumerate(texts):
        if time.monotonic() > ends_s:
            print(f"the time is over: {turn} of {len(texts)} passages")
            break
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            side = sides[name]
            folder = _folder(arguments.folder, name)
            make = partial(
                client_named,
                side.client,
                urls.get(side.server, ""),
                profile=side.profile,
                settings=side.settings,
                languages=LANGUAGES,
            )
            _, typed = replay([text], make, _conditions(side, arguments), folder)
            records[name] = [record for record in typed if record.file in {each.name for each in texts[: turn + 1]}]
            last = records[name][-1]
            print(f"{text.name}: {name}: {last.saved} of {last.characters} characters saved", flush=True)
    if not records[names[0]]:
        sys.exit("error: no passage was typed; give more --minutes")
    return records


def _folder(root: Path, name: str) -> Path:
    return root / name.replace(", ", "-").replace(" ", "-")


def _typed_by_all(texts: Sequence[Passage], sides: Mapping[str, Condition], root: Path) -> list[Passage]:
    """The passages that every side has a record of."""
    done = {text.name for text in texts}
    for name in sides:
        path = _folder(root, name) / RECORDS
        done &= {record.file for record in read_record(path)[1]} if path.exists() else set()
    return [text for text in texts if text.name in done]


def _conditions(side: Condition, arguments: argparse.Namespace) -> Conditions:
    return Conditions(
        client=side.client,
        profile=side.profile,
        settings=side.settings,
        seed=arguments.seed,
        characters=arguments.characters,
        inside=arguments.inside,
        habits=Habits(accepts=not arguments.watch),
    )


def _by_turns(texts: Sequence[Passage]) -> list[Passage]:
    """One passage of each language, then the next of each: a run that ends early has some of all."""
    groups: dict[str, list[Passage]] = {}
    for text in texts:
        groups.setdefault(text.language, []).append(text)
    rank = {text.name: place for group in groups.values() for place, text in enumerate(group)}
    return sorted(texts, key=lambda text: rank[text.name])


def _publish(
    records: Mapping[str, list[FileRecord]],
    sides: Mapping[str, Condition],
    arguments: argparse.Namespace,
    model: str,
) -> None:
    tables = {name: {row[0]: row[1] for row in rows(files)} for name, files in records.items()}
    figures = list(next(iter(tables.values())))
    files = len(next(iter(records.values())))
    watching = ", taking no proposal" if arguments.watch else ""
    publish(
        arguments.name or "typing" + "_features" * arguments.features + "_watched" * arguments.watch,
        f"{model}: {files} passages of up to {arguments.characters} characters typed, seed {arguments.seed}{watching};"
        " in brackets 95 % intervals over files",
        ["", *tables],
        [[figure, *(table[figure] for table in tables.values())] for figure in figures],
        {"conditions": {name: report(_conditions(sides[name], arguments), typed) for name, typed in records.items()}},
        by_feature(records) if arguments.features else verdicts(records),
    )


def by_feature(records: Mapping[str, Sequence[FileRecord]]) -> list[str]:
    """One line for each setting: how it differs from the defaults."""
    said = []
    for name, files in records.items():
        if name != BASE:
            pairs = {each.name: each for each in differences(records[BASE], files)}
            parts = (f"{figure} {signed(pairs[figure])}" for figure in COMPARED)
            said.append(f"{name}: {'; '.join(parts)}")
    return said


def verdicts(records: Mapping[str, Sequence[FileRecord]]) -> list[str]:
    """One line for each goal whose two sides were run."""
    found: list[str] = []

    def against(ours: str, other: str, judge: Callable[[Mapping[str, Difference], str], list[str]]) -> None:
        if ours in records and other in records:
            pairs = {each.name: each for each in differences(records[other], records[ours])}
            found.extend(judge(pairs, f"{ours} against {other}"))

    for profile in PROFILES:
        for proposers in ("model", "both"):
            ours = f"{proposers}, {profile}"
            for other, most_p95 in (("naive, vLLM", 0.5), ("llama.vim, llama.cpp", 1.0)):
                against(ours, other, partial(_times, most_p95=most_p95))
            against(ours, "naive, vLLM", _saved)
            if ours in records and "naive, vLLM" in records:
                found.append(_tokens(records[ours], records["naive, vLLM"], ours))
        for alone in ("model", "lines"):
            against(f"both, {profile}", f"{alone}, {profile}", _saved)
    return found


def _times(pairs: Mapping[str, Difference], who: str, most_p95: float) -> list[str]:
    lines = []
    for share, most in (("p50", 0.5), ("p95", most_p95)):
        for figure in (PAIRED, PLAIN):
            pair = pairs[figure + share]
            if math.isnan(pair.first) or math.isnan(pair.second):
                lines.append(f"{who}: {figure}{share}: no such stroke")
                continue
            reached = "reached" if pair.second <= most * pair.first else "missed"
            times = f"{pair.second / pair.first:.2f} times " if pair.first >= 1 else "beside "
            lines.append(
                f"{who}: {figure}{share}: {pair.second:.0f} ms, {times}{pair.first:.0f} ms"
                f" (goal at most {most:g} times): {reached}"
            )
    return lines


def _saved(pairs: Mapping[str, Difference], who: str) -> list[str]:
    pair = pairs[SAVED]
    d = pair.difference
    reached = "reached" if d.low > 0 else "missed"
    gain = f"{d.estimate * 100:+.1f} points ({d.low * 100:+.1f} to {d.high * 100:+.1f}; goal above zero)"
    return [f"{who}: {pair.second:.1%} of the characters saved, {gain}: {reached}"]


def _tokens(ours: Sequence[FileRecord], naive: Sequence[FileRecord], who: str) -> str:
    def per_character(files: Sequence[FileRecord]) -> float:
        return sum(map(computed_tokens, files)) / sum(file.characters for file in files)

    share = per_character(ours) / per_character(naive) if per_character(naive) else float("nan")
    reached = "reached" if share <= 0.25 else "missed"
    return (
        f"{who}: prompt tokens computed per character {share:.0%} of the naive client's (goal at most 25 %): {reached}"
    )


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()

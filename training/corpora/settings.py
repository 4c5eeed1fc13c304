"""The schema of a corpus file (`vernacular corpus build FILE.yaml`): what is read, what is dropped, how it is split.

Paths are relative to the file. Everything that decides what comes out stands here; only `workers` does not.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from core.errors import RecipeError, VernacularError
from core.languages import TEXT
from core.yaml import load_yaml_model
from training.settings import SettingsModel, Share

SourceKind = Literal["folder", "archive", "git", "documents"]


class CorpusError(VernacularError):
    """A corpus cannot be built: a source is missing or damaged, nothing usable is left, or the disk is full."""


class Source(SettingsModel):
    """One folder, archive, git repository or file of documents; exactly one of the four is named."""

    folder: str = Field(default="", description="folder; in git work trees without what `.gitignore` leaves out")
    archive: str = Field(default="", description="tar (plain, gz, bz2, xz) or zip file")
    git: str = Field(default="", description="git repository, bare or with a work tree")
    documents: str = Field(
        default="", description="JSON Lines with `path` and `text`, such as a corpus that was built holds"
    )
    revision: str = Field(default="HEAD", description="of a git repository: the newest state that is read")
    history: Literal["newest", "commits"] = Field(
        default="newest", description="of a git repository: the newest state alone, or earlier versions of files too"
    )
    name: str = Field(default="", description="how documents and counts call it; default: its path's last part")
    depth: int | None = Field(
        default=None,
        description="leading folders of a path that name its group, the unit of the split; 0: the whole source is one;"
        " default: 1 for a folder or documents, 0 for an archive or repository",
        ge=0,
        le=8,
    )
    exclude: tuple[str, ...] = Field(default=(), description="paths to leave out, such as `tests/data/*`")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(map(bool, (self.folder, self.archive, self.git, self.documents))) != 1:
            raise ValueError("names one of folder, archive, git and documents, and only one")
        if not self.git and (self.history != "newest" or self.revision != "HEAD"):
            raise ValueError("history and revision are for a git repository")
        return self

    @property
    def kind(self) -> SourceKind:
        """Which of the four it is."""
        return "folder" if self.folder else "archive" if self.archive else "git" if self.git else "documents"

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.folder or self.archive or self.git or self.documents)

    @property
    def group_depth(self) -> int:
        """`depth`, or the default of its kind."""
        return self.depth if self.depth is not None else int(self.kind in ("folder", "documents"))


class CodeFilter(SettingsModel):
    """Which code files are kept, by size and shape."""

    min_bytes: int = Field(default=40, description="shorter files are dropped", ge=1)
    max_bytes: int = Field(default=1_000_000, description="longer files are dropped", ge=1)
    max_line_characters: int = Field(default=1000, description="files with a longer line count as minified", ge=40)
    max_mean_line_characters: int = Field(default=120, description="files with longer lines on average too", ge=20)
    min_letter_share: Share = Field(
        default=0.3, description="files with a smaller share of letters and white space count as data"
    )
    vendored_folders: tuple[str, ...] = Field(
        default=("vendor", "_vendor", "vendored", "third_party", "thirdparty", "3rdparty", "node_modules", "externals"),
        description="files in folders of these names, at any depth, are somebody else's",
    )
    notices: Literal["strip", "keep"] = Field(
        default="strip", description="what happens to an opening comment that states a licence or copyright"
    )


class DocumentationFilter(SettingsModel):
    """Which documentation is kept: Markdown, reStructuredText, HTML, plain text, PDF."""

    min_bytes: int = Field(default=200, description="shorter texts are dropped", ge=1)
    max_bytes: int = Field(default=5_000_000, description="longer texts are dropped", ge=1)
    max_file_bytes: int = Field(default=50_000_000, description="larger files, such as PDFs, are dropped", ge=1)
    min_letter_share: Share = Field(
        default=0.6, description="texts with a smaller share of letters and white space count as data"
    )


class PersonalData(SettingsModel):
    """What is replaced by a placeholder. Turn off what the language itself is about, such as addresses of networks."""

    emails: bool = Field(default=True, description="e-mail addresses -> <EMAIL>")
    phones: bool = Field(default=True, description="phone numbers in international or North American form -> <PHONE>")
    names: bool = Field(default=True, description="names behind tags such as @author and Signed-off-by -> <NAME>")
    ip_addresses: bool = Field(default=True, description="IPv4 and IPv6 addresses of hosts -> <IP_ADDRESS>")


class Duplicates(SettingsModel):
    """Which documents count as the same."""

    similarity: float = Field(
        default=0.7, description="estimated Jaccard similarity from which two are near duplicates", gt=0.1, le=1.0
    )
    permutations: int = Field(default=64, description="length of a MinHash signature", ge=16, le=256)
    shingle_words: int = Field(default=5, description="words of a shingle", ge=1, le=20)


class Benchmark(SettingsModel):
    """A file of tasks that the corpus must not hold."""

    file: str = Field(description="file of tasks, in any format that `vernacular evaluate` reads", min_length=1)
    format: str | None = Field(default=None, description="its format; default: by its fields")
    language: str | None = Field(default=None, description="language of tasks that do not say theirs")


class Decontamination(SettingsModel):
    """A document goes if it holds so much of a task's prompt, solution or tests."""

    benchmarks: tuple[Benchmark, ...] = Field(default=(), description="files of tasks")
    words: int = Field(default=13, description="words of an n-gram", ge=3, le=100)
    share: float = Field(
        default=0.25, description="share of a text's n-grams from which on a document goes", gt=0, le=1
    )


class Check(SettingsModel):
    """Whether the languages' own checkers decide too. A file is checked alone: one that needs others may be refused."""

    languages: tuple[str, ...] = Field(default=(), description="languages whose files are checked")
    cpu_s: float = Field(default=10.0, description="CPU time for one file, in seconds", gt=0)
    sandbox: Literal["bubblewrap", "none"] = Field(default="bubblewrap", description="where the checker runs")


class Split(SettingsModel):
    """Whole groups are held out, chosen by a hash of the seed and the group's name."""

    held_out: Share = Field(default=0.05, description="expected share of groups that are only measured on")
    groups: tuple[str, ...] = Field(default=(), description="groups that are held out in any case")


class CorpusSettings(SettingsModel):
    """One corpus."""

    seed: int = Field(default=1, description="decides the order of documents and which groups are held out")
    languages: tuple[str, ...] = Field(description="languages whose files are code", min_length=1)
    language_folders: tuple[str, ...] = Field(default=(), description="folders with language files of one's own")
    sources: tuple[Source, ...] = Field(description="where files come from", min_length=1)
    code: CodeFilter = Field(default=CodeFilter(), description="which code is kept")
    documentation: DocumentationFilter | None = Field(
        default=DocumentationFilter(), description="which documentation is kept; null: none"
    )
    secrets: Literal["mask", "drop", "keep"] = Field(
        default="mask", description="what happens to passwords, keys and tokens: replaced by <KEY>, the file dropped"
    )
    personal_data: PersonalData = Field(default=PersonalData(), description="what is replaced by a placeholder")
    duplicates: Duplicates = Field(default=Duplicates(), description="which documents count as the same")
    decontamination: Decontamination = Field(default=Decontamination(), description="benchmarks to keep out")
    check: Check = Field(default=Check(), description="what the language's own checker refuses is dropped")
    split: Split = Field(default=Split(), description="what is held out")
    ngram_index: bool = Field(default=True, description="write the n-gram index of the training documents")
    tokenizer: str | None = Field(default=None, description="tokenizer.json, or a folder with one, to count tokens by")
    workers: int = Field(default=0, description="processes; 0: as many as the machine has free cores", ge=0, le=256)

    @model_validator(mode="after")
    def _names(self) -> Self:
        for source in self.sources:
            if "/" in source.name:
                raise ValueError(f"the source's name {source.name!r} holds a slash, which divides groups from paths")
        names = Counter(source_name(source) for source in self.sources)
        for name, times in names.items():
            if times > 1:
                raise ValueError(f"{times} sources are called {name!r}; give each a `name` of its own")
        if TEXT.name in self.languages:
            raise ValueError(f"languages: {TEXT.name!r} is what documentation is; `documentation` says which is kept")
        for language in self.check.languages:
            if language not in self.languages:
                raise ValueError(f"check.languages: {language!r} is not among the languages of this corpus")
        return self


def source_name(source: Source) -> str:
    """What a source is called: its `name`, else its path's last part without the ending of an archive or table."""
    if source.name:
        return source.name
    last = source.path.name or source.path.resolve().name
    for ending in (".jsonl", ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".git"):
        if last.endswith(ending) and last != ending:
            return last.removesuffix(ending)
    return last


def load_settings(path: Path) -> CorpusSettings:
    """Read a corpus file and resolve its paths. Raises `RecipeError` with file, line and the nearest right key."""
    return resolved(load_yaml_model(path, CorpusSettings, RecipeError), path.parent)


def resolved(settings: CorpusSettings, base: Path) -> CorpusSettings:
    """`settings` with every path made relative to `base`; names of sources are fixed before."""

    def at(place: str) -> str:
        return str(base / Path(place).expanduser()) if place else ""

    sources = [
        source.model_copy(
            update={
                "name": source_name(source),
                "folder": at(source.folder),
                "archive": at(source.archive),
                "git": at(source.git),
                "documents": at(source.documents),
            }
        )
        for source in settings.sources
    ]
    benchmarks = [b.model_copy(update={"file": at(b.file)}) for b in settings.decontamination.benchmarks]
    decontamination = settings.decontamination.model_copy(update={"benchmarks": tuple(benchmarks)})
    return settings.model_copy(
        update={
            "sources": tuple(sources),
            "language_folders": tuple(map(at, settings.language_folders)),
            "decontamination": decontamination,
            "tokenizer": at(settings.tokenizer) if settings.tokenizer else None,
        }
    )

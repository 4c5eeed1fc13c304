"""Continue a model's pre-training: the job that `vernacular train` starts, in its own process."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from completion.templates import FimTemplate
from core.errors import ConfigError
from server.models.checks import read_config
from server.models.description import describe
from server.tokens.rendering import TokenRenderer
from training.fitting.fit import fit
from training.fitting.heldout import HeldOutTexts
from training.fitting.models import AddedTokens, extended_tokenizer, token_ids
from training.fitting.progress import Tell
from training.fitting.record import FitRecord
from training.fitting.sequences import TokenSequence
from training.fitting.work import Work
from training.pretraining.documents import DocumentFile, corpus_record, in_random_order, open_corpus
from training.pretraining.examples import ExampleMaker
from training.pretraining.settings import FimSettings, PretrainJob

_HELD_OUT_TEXTS = 48
"""Of each language, chosen by the seed."""


@dataclass(frozen=True, slots=True)
class Documents:
    """What an epoch is made of: every document of the corpus, and between them so much of the replay corpus."""

    maker: ExampleMaker
    corpus: list[DocumentFile]
    replay: list[DocumentFile]
    repeats: dict[str, int]
    replay_share: float
    seed: int

    def sequences(self, epoch: int) -> Iterator[TokenSequence]:
        """The epoch's sequences: holes, order and replayed documents differ from epoch to epoch."""
        rng = random.Random(f"{self.seed}:{epoch}")  # noqa: S311 - not for secrets
        replayed = self._replayed(epoch, rng)
        owed = 0.0
        for document in in_random_order(self.corpus, self.repeats, f"{self.seed}:corpus:{epoch}"):
            for sequence in self.maker.sequences(document, rng):
                yield sequence
                owed += len(sequence.input_ids) * self.replay_share / (1 - self.replay_share)
                while owed > 0:
                    other = next(replayed, None)
                    if other is None:
                        break
                    yield other
                    owed -= len(other.input_ids)

    def _replayed(self, epoch: int, rng: random.Random) -> Iterator[TokenSequence]:
        turn = 0
        while self.replay and self.replay_share:
            found = False
            for document in in_random_order(self.replay, {}, f"{self.seed}:replay:{epoch}:{turn}"):
                for sequence in self.maker.sequences(document, rng):
                    found = True
                    yield sequence
            if not found:
                return
            turn += 1


def run(job_file: Path, tell: Tell) -> None:
    """Read the job and do it."""
    pretrain(PretrainJob.model_validate_json(job_file.read_bytes()), tell)


def pretrain(job: PretrainJob, tell: Tell = lambda _: None) -> FitRecord:
    """Continue `job.model` on the corpus; see `training/fitting/fit.py` for what lies in the folder.

    Raises `ConfigError` where there is no corpus or no training document, or replay is asked for without a corpus of
    its own; `TemplateError` where holes are asked for and the family's template is not known; and what `fit` raises.
    """
    settings, folder = job.settings, Path(job.model)
    corpus, replay = open_corpus(job.corpus, "train"), open_corpus(job.replay, "train") if job.replay else []
    if not sum(len(file.starts) for file in corpus):
        raise ConfigError(f"{job.corpus} holds nothing to train on; its README.md says what was dropped, and why")
    if settings.replay_share and not replay:
        raise ConfigError(f"replay_share is {settings.replay_share}, and there is no replay corpus; add `replay`")
    if settings.replay_share >= 1:
        raise ConfigError("replay_share must be below 1: the rest is the language that is to be learned")
    added = AddedTokens(settings.new_tokens.tokens, settings.new_tokens.start) if settings.new_tokens else None
    renderer = TokenRenderer(extended_tokenizer(folder, added)) if added else TokenRenderer.from_folder(folder)
    template = fim_template(folder, renderer, settings.fim)
    begin, end, _ = token_ids(folder)
    maker = ExampleMaker(renderer, template, settings.fim, settings.row_tokens, begin, end)
    documents = Documents(maker, corpus, replay, settings.repeats, settings.replay_share, settings.seed)
    records = [corpus_record(place) for place in (job.corpus, job.replay) if place]
    work = Work(
        model=folder,
        settings=settings,
        sequences=documents.sequences,
        held_out=held_out(job.corpus, maker, settings.seed),
        folder=job.folder,
        name=job.name or job.folder.resolve().name,
        inputs=json.dumps([record.files_sha256 for record in records]),
        added=added,
        template=template.name if template else "",
        corpus=records[0],
    )
    return fit(work, tell)


def fim_template(folder: Path, renderer: TokenRenderer, fim: FimSettings) -> FimTemplate | None:
    """The template of holes, checked against the tokenizer; `None` where none are wanted. Raises `TemplateError`."""
    if not fim.rate:
        return None
    return describe(folder, renderer, read_config(folder), template=fim.template).template


def held_out(corpus: Path, maker: ExampleMaker, seed: int) -> HeldOutTexts:
    """The beginnings of held-out documents, language by language, at most a row of each."""
    sequences: dict[str, list[TokenSequence]] = {}
    sizes: dict[str, int] = {}
    for file in open_corpus(corpus, "heldout"):
        chosen: list[TokenSequence] = []
        size = 0
        for document in islice(in_random_order([file], {}, f"{seed}:heldout"), _HELD_OUT_TEXTS):
            chosen.append(maker.beginning(document.text))
            size += maker.bytes_of(chosen[-1])
        if chosen:
            sequences[file.language], sizes[file.language] = chosen, size
    return HeldOutTexts(sequences, sizes)

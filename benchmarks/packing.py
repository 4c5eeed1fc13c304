"""Tokens per second of continued pre-training, beside TRL's SFTTrainer with its own packing.

The same documents (generated Levy programs, as token ids), the model that the repository ships, the same length of
rows, rows at once, tokens of a step, optimizer, schedule, number format and threads. Each run is a process of its own;
the order turns from round to round. The first five steps are warm-up. Padding is not counted.

Beside the two: what it costs that documents of a row do not see each other (the same rows under one causal mask), TRL
where rows cross documents (`wrapped`), and TRL with a document a row, which is padded.

    python -m benchmarks.packing [--rounds 3] [--programs 520] [--rows-at-once 1] [--threads 2]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

from benchmarks.report import publish

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "examples" / "models" / "embedded-base"
LOG_EVERY_STEPS = 5
"""As training/fitting does; times are taken there."""
SKIPPED_STEPS = LOG_EVERY_STEPS
OURS, CAUSAL, TRL, KEPT, WRAPPED, PADDED = (
    "vernacular",
    "vernacular, one causal mask over the same rows",
    "TRL, packing=True (bfd)",
    "TRL the same, freed memory kept",
    "TRL, packing=True (wrapped)",
    "TRL, packing=False, a document a row",
)


class Run(BaseModel):
    """One process: what it measures, and the sizes, which are the same for all."""

    model_config = ConfigDict(frozen=True)

    variant: str
    corpus: Path
    folder: Path
    row_tokens: int
    rows_at_once: int
    tokens_per_step: int
    threads: int
    learning_rate: float = 1e-4


class Measured(BaseModel):
    """What one process says: tokens without padding, and seconds, from the fifth step to the last; the last loss."""

    tokens: int
    seconds: float
    steps: int
    loss: float
    peak_mib: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


def main() -> None:
    """Measure, print, write `results/packing.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the measurement")
    parser.add_argument("--programs", type=int, default=520, help="Levy programs; about 500 tokens each")
    parser.add_argument("--row-tokens", type=int, default=1024, help="length of a row")
    parser.add_argument("--rows-at-once", type=int, default=1, help="rows of a forward pass")
    parser.add_argument("--tokens-per-step", type=int, default=8192, help="tokens of an optimizer step")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads of torch")
    parser.add_argument("--only", nargs="+", default=None, help="parts of names; then no table is made")
    parser.add_argument("--one", type=Path, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        sys.stdout.write(measure_here(Run.model_validate_json(given.one.read_bytes())).model_dump_json() + "\n")
        return
    chosen = [v for v in MEASURES if given.only is None or any(part in v for part in given.only)]
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="packing-") as scratch:
        corpus = build_corpus(Path(scratch), given.programs)
        sizes = {name: getattr(given, name) for name in ("row_tokens", "rows_at_once", "tokens_per_step", "threads")}
        found: dict[str, list[Measured]] = {variant: [] for variant in chosen}
        for number in range(given.rounds):
            for variant in chosen if number % 2 == 0 else reversed(chosen):
                folder = Path(scratch) / f"{number}-{chosen.index(variant)}"
                found[variant].append(measure(Run(variant=variant, corpus=corpus, folder=folder, **sizes)))
    if len(chosen) == len(MEASURES):
        show(found, sizes, given.rounds, load_before)


def show(found: dict[str, list[Measured]], sizes: dict[str, int], rounds: int, load_before: float) -> None:
    """The table, what it says, and the file."""
    rates = {variant: median(run.rate for run in runs) for variant, runs in found.items()}
    first = next(iter(rates.values()))
    rows = [
        [
            variant,
            f"{rates[variant]:,.0f}",
            f"{min(run.rate for run in runs):,.0f} to {max(run.rate for run in runs):,.0f}",
            f"{rates[variant] / first:.2f}",
            f"{median(run.loss for run in runs):.3f}",
            f"{max(run.peak_mib for run in runs):,.0f}",
        ]
        for variant, runs in found.items()
    ]
    verdicts = [
        f"{what}: {rates[one] / rates[other]:.2f} times the tokens a second of {than}."
        for what, one, other, than in (
            ("Vernacular", OURS, TRL, "TRL with its own packing (goal: at least 1)"),
            ("Documents that do not see each other", OURS, CAUSAL, "the same rows under one causal mask"),
            ("Packing", OURS, PADDED, "a padded document a row"),
        )
        if one in rates and other in rates
    ]
    if load_before > 0.5:
        verdicts.append(f"The machine was busy before this began (load {load_before:.1f}): do not quote these numbers.")
    publish(
        "packing",
        f"The embedded model, rows of {sizes['row_tokens']} tokens, {sizes['rows_at_once']} at once, "
        f"{sizes['tokens_per_step']} tokens a step, float32, AdamW, {sizes['threads']} threads; median of {rounds} "
        f"rounds",
        ["", "tokens/s", "from to", "of the first", "last loss", "peak MiB"],
        rows,
        {
            "sizes": sizes,
            "load_before": load_before,
            "measured": {variant: [run.model_dump() for run in runs] for variant, runs in found.items()},
        },
        verdicts,
    )


def build_corpus(scratch: Path, programs: int) -> Path:
    """Generate Levy programs and build a corpus of them, as `vernacular corpus build` does."""
    from training.corpora.build import build
    from training.corpora.settings import load_settings

    levy, made = ROOT / "examples" / "levy", scratch / "programs"
    command = [sys.executable, str(levy / "generate.py"), "--count", str(programs), "--output", str(made)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    settings = scratch / "corpus.yaml"
    settings.write_text(
        f"languages: [levy]\nlanguage_folders: [{levy / 'languages'}]\nsources: [{{folder: programs}}]\n"
        "ngram_index: false\nworkers: 1\n",
        encoding="utf-8",
    )
    build(load_settings(settings), scratch / "corpus")
    return scratch / "corpus"


def measure(run: Run) -> Measured:
    """Measure in a process of its own. Stops with what it said where it fails."""
    run.folder.mkdir()
    job = run.folder / "run.json"
    job.write_text(run.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.packing", "--one", str(job)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"error: {run.variant} failed: {answer.stderr[-2000:]}")
    found = Measured.model_validate_json(answer.stdout.splitlines()[-1])
    sys.stderr.write(f"{run.variant}: {found.rate:,.0f} tokens/s\n")
    return found


def measure_here(run: Run) -> Measured:
    """Train in this process; the clock runs from the fifth step to the last that is logged."""
    import torch

    torch.set_num_threads(run.threads)
    warnings.simplefilter("ignore")
    clock = _Clock()
    tokens_after = MEASURES[run.variant](run, clock)
    (first, began_s), (last, ended_s) = clock.times[0], clock.times[-1]
    return Measured(
        tokens=tokens_after(last) - tokens_after(first),
        seconds=ended_s - began_s,
        steps=last - first,
        loss=clock.loss,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


class _Clock:
    """When which step was done."""

    def __init__(self) -> None:
        self.times: list[tuple[int, float]] = []
        self.tokens: dict[int, int] = {}
        self.loss = 0.0

    def step(self, number: int, loss: float) -> None:
        """Note the time of a step."""
        if number >= SKIPPED_STEPS:
            self.times.append((number, time.perf_counter()))
        self.loss = loss


def _sequences(run: Run) -> Iterator[Any]:
    """What continued pre-training makes of the corpus, without holes."""
    from server.tokens.rendering import TokenRenderer
    from training.fitting.models import token_ids
    from training.pretraining.documents import open_corpus
    from training.pretraining.examples import ExampleMaker
    from training.pretraining.run import Documents
    from training.pretraining.settings import FimSettings

    begin, end, _ = token_ids(MODEL)
    renderer = TokenRenderer.from_folder(MODEL)
    maker = ExampleMaker(renderer, None, FimSettings(rate=0), run.row_tokens, begin, end)
    return Documents(maker, open_corpus(run.corpus, "train"), [], {}, 0.0, 1).sequences(0)


def _ours(run: Run, clock: _Clock, *, apart: bool = True) -> Callable[[int], int]:
    """Our own fitting; not `apart`: each row is a single sequence, which one causal mask covers."""
    from training.fitting.fit import fit
    from training.fitting.heldout import HeldOutTexts
    from training.fitting.packing import Rows, write_rows
    from training.fitting.sequences import TokenSequence
    from training.fitting.settings import FitSettings, OptimizerSettings
    from training.fitting.work import Work

    sequences: Callable[[int], Any] = lambda _: _sequences(run)  # noqa: E731
    if not apart:
        write_rows(sequences, 1, run.row_tokens, 1, run.folder / "apart")
        packed = Rows(run.folder / "apart")
        sequences = lambda _: (  # noqa: E731
            TokenSequence(list(packed[i]["input_ids"]), list(packed[i]["labels"])) for i in range(len(packed))
        )
    settings = FitSettings(
        epochs=1,
        row_tokens=run.row_tokens,
        rows_at_once=run.rows_at_once,
        tokens_per_step=run.tokens_per_step,
        measure_every_steps=100_000,
        threads=run.threads,
        optimizer=OptimizerSettings(learning_rate=run.learning_rate, warmup_share=0.0),
    )

    def tell(news: dict[str, Any]) -> None:
        if "loss" in news:
            clock.step(news["step"], news["loss"])

    work = Work(
        MODEL, settings, sequences, HeldOutTexts({}, {}), run.folder / "fit", inputs=run.variant, name="packing"
    )
    fit(work, tell)
    lengths = Rows(run.folder / "fit" / "rows").lengths
    each = run.tokens_per_step // run.row_tokens
    return lambda step: int(lengths[: step * each].sum())


def _trl(run: Run, clock: _Clock, *, packing: str | None = "bfd", kept: bool = False) -> Callable[[int], int]:
    """TRL's SFTTrainer on the same token ids; what it does not share with ours are its defaults."""
    import torch
    from datasets import Dataset, disable_progress_bars
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from training.allocator import keep_freed_memory

    if kept:
        keep_freed_memory()
    disable_progress_bars()

    class Noting(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if logs and "loss" in logs:
                clock.tokens[state.global_step] = int(logs["num_tokens"])
                clock.step(state.global_step, float(logs["loss"]))

    documents = Dataset.from_dict({"input_ids": [sequence.input_ids for sequence in _sequences(run)]})
    count = sum(map(len, documents["input_ids"]))
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32),
        args=SFTConfig(
            output_dir=str(run.folder / "trl"),
            packing=packing is not None,
            packing_strategy=packing or "bfd",
            max_length=run.row_tokens,
            max_steps=-(-count // run.tokens_per_step),
            per_device_train_batch_size=run.rows_at_once,
            gradient_accumulation_steps=run.tokens_per_step // run.row_tokens // run.rows_at_once,
            learning_rate=run.learning_rate,
            adam_beta2=0.95,
            lr_scheduler_type="cosine",
            gradient_checkpointing=False,
            bf16=False,
            use_cpu=True,
            logging_steps=LOG_EVERY_STEPS,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=documents,
        processing_class=AutoTokenizer.from_pretrained(MODEL),
        callbacks=[Noting()],
    )
    trainer.train()
    return lambda step: clock.tokens[step]


MEASURES: dict[str, Callable[[Run, _Clock], Callable[[int], int]]] = {
    OURS: _ours,
    TRL: _trl,
    KEPT: lambda run, clock: _trl(run, clock, kept=True),
    CAUSAL: lambda run, clock: _ours(run, clock, apart=False),
    WRAPPED: lambda run, clock: _trl(run, clock, packing="wrapped"),
    PADDED: lambda run, clock: _trl(run, clock, packing=None),
}
"""Name -> trains, tells the clock, and returns how many tokens a step has behind it."""


if __name__ == "__main__":
    main()

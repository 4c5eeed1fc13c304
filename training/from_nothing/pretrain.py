"""The stage `pretrain`: a small Llama-shaped model from nothing, with transformers' Trainer.

Guarantees: interrupted at any point by SIGTERM or SIGKILL, a second call with the same recipe goes on from the last
checkpoint, and on a CPU arrives at the same weights, bit for bit, as a run that was left alone. What
follows (`total_tokens`, restarts, later phases) may be changed between calls as long as it has not begun: nothing
before it depends on it.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Dataset, SequentialSampler
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from training.allocator import keep_freed_memory
from training.from_nothing.examples import ExampleMaker
from training.from_nothing.measure import HeldOut
from training.from_nothing.progress import Watch
from training.from_nothing.recipe import ModelPart, PretrainStage
from training.from_nothing.tokenizer import END, special_id
from training.muon import optimizer_for
from training.schedule import rate_factor

Batch = dict[str, torch.Tensor]


def new_model(part: ModelPart, tokenizer: Tokenizer, seed: int) -> LlamaForCausalLM:
    """A model with random weights that depend on the seed alone."""
    set_seed(seed)
    end = special_id(tokenizer, END)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=part.hidden,
        intermediate_size=part.intermediate,
        num_hidden_layers=part.layers,
        num_attention_heads=part.heads,
        num_key_value_heads=part.key_value_heads,
        max_position_embeddings=part.max_positions,
        rope_parameters={"rope_type": "default", "rope_theta": part.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=special_id(tokenizer, "<|fim_pad|>"),
        use_cache=False,
    )
    return LlamaForCausalLM(config)  # type: ignore[no-untyped-call]


class Microsteps(Dataset[Batch]):
    """What each forward pass sees: `[rows, row_tokens]`, by the phase that its step is in; `makers`, one a phase."""

    def __init__(self, stage: PretrainStage, makers: Sequence[ExampleMaker]) -> None:
        self._stage = stage
        self._makers = makers
        self._begins = [phase.from_tokens // stage.tokens_per_step for phase in stage.phases]
        self._per_step = stage.tokens_per_step // stage.tokens_per_microstep

    def __len__(self) -> int:
        return self._stage.total_steps * self._per_step

    def __getitem__(self, number: int) -> Batch:
        phase = bisect_right(self._begins, number // self._per_step) - 1
        length = self._stage.phases[phase].row_tokens
        count = self._stage.tokens_per_microstep // length
        rows = [self._makers[phase].row(number * count + i, length) for i in range(count)]
        return {
            "input_ids": torch.tensor([row.input_ids for row in rows]),
            "position_ids": torch.tensor([row.position_ids for row in rows]),
            "labels": torch.tensor([row.labels for row in rows]),
        }


class RowTrainer(Trainer):
    """Transformers' Trainer, which takes the examples in order."""

    def _get_train_sampler(self, train_dataset: Dataset[Batch] | None = None) -> torch.utils.data.Sampler[int]:
        return SequentialSampler(train_dataset or self.train_dataset)  # type: ignore[arg-type]


def pretrain(
    stage: PretrainStage,
    makers: Sequence[ExampleMaker],
    tokenizer: Tokenizer,
    held_out: HeldOut,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
) -> LlamaForCausalLM:
    """Train, or go on training, in `folder`; return the model. `folder/curve.jsonl` holds the curve.

    `makers` make the examples, one for each phase of `stage`.

    Raises `KeyboardInterrupt` after a checkpoint was written when SIGTERM or SIGINT arrived.
    """
    keep_freed_memory()
    torch.set_num_threads(stage.threads)
    model = new_model(stage.model, tokenizer, stage.seed)
    if stage.compile:
        model.compile(dynamic=False)
    optimizer = optimizer_for(model, stage.optimizer)
    scheduler = LambdaLR(
        optimizer,
        lambda step: rate_factor(step, stage.cycle_steps, stage.optimizer.warmup_steps, stage.optimizer.decay_share),
    )
    watch = Watch(stage, held_out, folder / "curve.jsonl", say)
    trainer = RowTrainer(
        model=model,
        args=_arguments(stage, folder),
        train_dataset=Microsteps(stage, makers),
        data_collator=_only,
        optimizers=(optimizer, scheduler),
        callbacks=[watch],
    )
    last = get_last_checkpoint(str(folder)) if folder.is_dir() else None  # type: ignore[no-untyped-call]
    if last and json.loads((Path(last) / "trainer_state.json").read_text())["global_step"] >= stage.total_steps:
        say("pretrain: already complete")
        return LlamaForCausalLM.from_pretrained(last)
    with watch.signals():
        trainer.train(resume_from_checkpoint=last)
    if watch.interrupted:
        raise KeyboardInterrupt
    return model


def _only(batches: list[Batch]) -> Batch:
    return batches[0]


def _arguments(stage: PretrainStage, folder: Path) -> TrainingArguments:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=stage.total_steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=stage.tokens_per_step // stage.tokens_per_microstep,
        max_grad_norm=stage.optimizer.max_gradient_norm,
        logging_strategy="steps",
        logging_steps=10,
        save_strategy="steps",
        save_steps=max(1, stage.save_every_tokens // stage.tokens_per_step),
        save_total_limit=2,
        seed=stage.seed,
        report_to=[],
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
    )

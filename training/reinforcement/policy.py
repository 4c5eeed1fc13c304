"""TRL's GRPO trainer on tasks that are verified: prompts as the evaluation makes them, programs run while others are
written, checkpoints that are whole or none, a held-out pass rate.

Of TRL 1.16 three methods are overridden that its documentation does not name: `_tokenize_prompts`, since a task's text
must never become a special token; `_generate`, to know whose rows they are; `_generate_single_turn`, to see rows end.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, PrinterCallback, StoppingCriteria, StoppingCriteriaList
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from training.fitting.trainer import seal_checkpoint
from training.fitting.work import processes
from training.reinforcement.rewards import REWARDS, Graded
from training.reinforcement.scoring import Scorer
from training.reinforcement.settings import ReinforceSettings
from training.reinforcement.watching import METRIC, Watch


class PolicyTrainer(GRPOTrainer):
    """See the module. `held_out` are ids of tasks that are only measured on."""

    def __init__(
        self, scorer: Scorer, settings: ReinforceSettings, held_out: Sequence[str], watch: Watch, **options: Any
    ) -> None:
        self._scorer = scorer
        self._held_out = list(held_out)
        self._watch = watch
        self._asked: list[str] = []
        grades = _Grades(scorer, watch)
        parts: list[Any] = [_part(name, grades) for name in settings.rewards]
        super().__init__(reward_funcs=parts, callbacks=[watch], **options)
        self.remove_callback(PrinterCallback)
        if "ref" in getattr(self.model, "peft_config", {}):  # a copy of an adapter that does nothing yet; a checkpoint
            self.model.delete_adapter("ref")  # type: ignore[union-attr, operator]  # with two is not resumed rightly

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The share of the held-out tasks whose greedy answer passes; a point of the curve, and examples."""
        answers = self._greedy(self._held_out)
        graded = [self._scorer.graded(task, ids) for task, ids in zip(self._held_out, answers, strict=True)]
        rate = sum(REWARDS["passed"](each) for each in graded) / len(graded)
        texts = [self._scorer.answered(task, ids).text for task, ids in zip(self._held_out, answers, strict=True)]
        if self.is_world_process_zero():
            self._watch.measured(self.state.global_step, rate, list(zip(self._held_out, texts, graded, strict=True)))
        metrics = {f"eval_{METRIC}": rate}
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _greedy(self, tasks: Sequence[str]) -> list[list[int]]:
        """Token ids of the answers; like lengths together, so that little is padded."""
        order = sorted(range(len(tasks)), key=lambda place: len(self._scorer.prompts[tasks[place]]))
        found: dict[int, list[int]] = {}
        config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=self.max_completion_length,
            do_sample=False,
            eos_token_id=self.eos_token_ids,
            pad_token_id=self._tokenizer.pad_token_id,
            repetition_penalty=1.0,  # what the model's own settings say of sampling is not meant here
            no_repeat_ngram_size=0,
        )
        assert self.model is not None
        training = self.model.training
        self.model.eval()
        size = self.args.per_device_train_batch_size
        for first in range(0, len(order), size):
            places = order[first : first + size]
            prompts = [self._scorer.prompts[tasks[place]] for place in places]
            width = max(map(len, prompts))
            padded = [[self._tokenizer.pad_token_id] * (width - len(ids)) + ids for ids in prompts]
            mask = [[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts]
            with self._running([tasks[place] for place in places]), torch.no_grad():
                model = self.accelerator.unwrap_model(self.model)
                rows = model.generate(
                    input_ids=torch.tensor(padded, device=self.accelerator.device),
                    attention_mask=torch.tensor(mask, device=self.accelerator.device),
                    generation_config=config,
                )
            for place, row in zip(places, rows[:, width:].tolist(), strict=True):
                found[place] = _up_to_end(row, self.eos_token_ids)
        self.model.train(training)
        return [found[place] for place in range(len(tasks))]

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return [self._scorer.prompts[task] for task in prompts], None, {}

    def _generate(self, prompts: list[str]) -> Any:
        self._asked = list(prompts)
        began_s = time.monotonic()
        found = super()._generate(prompts)
        self._watch.generated_s += time.monotonic() - began_s
        return found

    def _generate_single_turn(self, prompt_ids: Any, *rest: Any, **options: Any) -> Any:
        if self.use_vllm or len(prompt_ids) != len(self._asked):
            return super()._generate_single_turn(prompt_ids, *rest, **options)  # type: ignore[no-untyped-call]
        with self._running(self._asked):
            return super()._generate_single_turn(prompt_ids, *rest, **options)  # type: ignore[no-untyped-call]

    @contextmanager
    def _running(self, tasks: Sequence[str]) -> Iterator[None]:
        """In here, `generate` has a row's program run as soon as the row has ended."""
        model = self.accelerator.unwrap_model(self.model)
        watch = StoppingCriteriaList([_RowsEnd(tasks, self.eos_token_ids, self._scorer.begin)])
        model.generate = functools.partial(type(model).generate, model, stopping_criteria=watch)
        try:
            yield
        finally:
            del model.generate

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)  # type: ignore[no-untyped-call]
        if self.is_world_process_zero():
            seal_checkpoint(Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}")


class _RowsEnd(StoppingCriteria):
    """Stops nothing; tells each row's tokens once, when it ends."""

    def __init__(self, tasks: Sequence[str], ends: Sequence[int], tell: Callable[[str, Sequence[int]], None]) -> None:
        self._tasks = tasks
        self._ends = set(ends)
        self._tell = tell
        self._begin: int | None = None
        self._open = set(range(len(tasks)))

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        if self._begin is None:
            self._begin = input_ids.shape[1] - 1
        last = input_ids[:, -1].tolist()
        for row in [row for row in self._open if last[row] in self._ends]:
            self._open.remove(row)
            self._tell(self._tasks[row], input_ids[row, self._begin :].tolist())
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


class _Grades:
    """The grades of a batch, for all parts of the reward."""

    def __init__(self, scorer: Scorer, watch: Watch) -> None:
        self._scorer = scorer
        self._watch = watch
        self._of: list[list[int]] | None = None
        self._grades: list[Graded] = []

    def of(self, tasks: Sequence[str], answers: list[list[int]]) -> list[Graded]:
        """Waits for the programs that still run; all answers without an end have theirs begun first."""
        if self._of is not answers:
            began_s = time.monotonic()
            for task, ids in zip(tasks, answers, strict=True):
                self._scorer.begin(task, ids)
            self._grades = [self._scorer.graded(task, ids) for task, ids in zip(tasks, answers, strict=True)]
            self._of = answers
            self._watch.graded(self._grades, time.monotonic() - began_s)
        return self._grades


def _part(name: str, grades: _Grades) -> Callable[..., list[float | None]]:
    reward = REWARDS[name]

    def part(completion_ids: list[list[int]], task: list[str], **_: Any) -> list[float | None]:
        return [reward(each) for each in grades.of(task, completion_ids)]

    part.__name__ = name
    return part


def arguments(settings: ReinforceSettings, folder: Path, *, measured: bool) -> GRPOConfig:
    """The trainer's own words for the settings; raises `ValueError` where TRL refuses them."""
    policy, on_gpu = settings.policy, torch.cuda.is_available()
    every = settings.measure_every_steps
    answers = settings.answers_per_step
    count = processes().num_processes
    return GRPOConfig(
        output_dir=str(folder),
        max_steps=settings.steps,
        num_generations=settings.samples,
        num_generations_eval=1,
        shuffle_dataset=False,
        disable_dropout=True,
        generation_batch_size=answers,
        per_device_train_batch_size=settings.rows_at_once,
        gradient_accumulation_steps=max(1, answers // (settings.rows_at_once * count)),
        num_iterations=policy.iterations,
        max_completion_length=settings.max_new_tokens,
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=0,
        beta=policy.kl,
        epsilon=policy.clip,
        epsilon_high=policy.clip_high,
        loss_type=policy.loss,
        importance_sampling_level=policy.ratio,
        scale_rewards=policy.scale,
        mask_truncated_completions=policy.mask_truncated,
        reward_weights=list(settings.rewards.values()),
        learning_rate=policy.learning_rate,
        adam_beta2=policy.beta2,
        lr_scheduler_type=policy.schedule,
        warmup_steps=round(settings.steps * policy.warmup_share),
        weight_decay=policy.weight_decay,
        max_grad_norm=policy.max_gradient_norm,
        use_vllm=uses_vllm(settings),
        vllm_mode="colocate",
        eval_strategy="steps" if measured else "no",
        eval_steps=every,
        metric_for_best_model=METRIC,
        greater_is_better=True,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=settings.save_every_steps or every,
        save_total_limit=2,
        seed=settings.seed,
        bf16=on_gpu and settings.mixed,
        gradient_checkpointing=settings.gradient_checkpointing,
        use_cpu=not on_gpu,
        report_to=[],
        disable_tqdm=True,
        dataloader_num_workers=0,
        dataloader_pin_memory=on_gpu,
        remove_unused_columns=False,
    )


def uses_vllm(settings: ReinforceSettings) -> bool:
    """Whether vLLM generates; TRL runs it within the training's own process, on a GPU."""
    if settings.engine != "auto":
        return settings.engine == "vllm"
    from importlib.util import find_spec

    return torch.cuda.is_available() and find_spec("vllm") is not None


def _up_to_end(row: list[int], ends: Sequence[int]) -> list[int]:
    end = next((place for place, token in enumerate(row) if token in ends), len(row) - 1)
    return row[: end + 1]

"""`vernacular evaluate` and `vernacular rejudge`: run benchmarks against a model, and run stored answers again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evaluation.running.evaluate import RunChoice


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("evaluate")(evaluate)
    app.command("rejudge")(rejudge)


def evaluate(
    benchmarks: Annotated[list[Path], typer.Argument(help="Files of tasks, as they were published.")],
    output: Annotated[
        Path, typer.Option(help="Folder of the run; with several benchmarks, a folder in it for each. Goes on there.")
    ],
    model: Annotated[
        str | None, typer.Option(help="Model folder or Hugging Face id; default: the embedded model.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="URL of a completion server, or of an endpoint like OpenAI's, instead.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="Fill-in-the-middle template; default: by the model's own word or name.")
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            help="infill, completion, zero-shot, few-shot, retrieval, chain-of-thought, repair or reasoning-query; "
            "default: infill for holes, else completion."
        ),
    ] = None,
    examples: Annotated[
        Path | None, typer.Option(help="A benchmark file whose solved tasks are shown (few-shot; also others).")
    ] = None,
    shots: Annotated[int, typer.Option(help="Solved tasks that are shown.", min=1)] = 5,
    similar: Annotated[bool, typer.Option(help="Show the most similar ones, not always the first.")] = False,
    documentation: Annotated[
        Path | None, typer.Option(help="Folder of the language's documentation (retrieval; also others).")
    ] = None,
    sections: Annotated[int, typer.Option(help="Sections of it that are shown.", min=1)] = 4,
    rounds: Annotated[
        int | None, typer.Option(help="How often at most an answer is repaired (repair); default: 2.", min=1)
    ] = None,
    samples: Annotated[int, typer.Option(help="Answers to each task, for pass@k; needs a temperature.", min=1)] = 1,
    temperature: Annotated[float, typer.Option(help="0 is greedy.", min=0)] = 0.0,
    seed: Annotated[int, typer.Option(help="Of all sampling.")] = 0,
    max_new_tokens: Annotated[int, typer.Option(help="Upper bound on an answer's tokens.", min=1)] = 512,
    fixed_batch: Annotated[
        bool, typer.Option(help="Ask one task at a time without a prefix cache: slower, and texts repeat exactly.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="Only so many tasks of each file.", min=1)] = None,
    concurrency: Annotated[int, typer.Option(help="Answers asked for at once.", min=1)] = 32,
    format: Annotated[  # noqa: A002 - what it is
        str | None, typer.Option(help="Format of the files; default: by their fields. See `benchmarks list`.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language of files that do not say theirs.")] = None,
    only_language: Annotated[
        list[str] | None, typer.Option(help="Only tasks of this language, of files with several; may repeat.")
    ] = None,
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
    sandbox: Annotated[
        str, typer.Option(help="bubblewrap, or none: then nothing protects this machine.")
    ] = "bubblewrap",
    cpu_s: Annotated[float, typer.Option(help="CPU time of one execution, in seconds.", min=0.1)] = 10.0,
    wall_s: Annotated[float, typer.Option(help="Wall time of one execution, in seconds.", min=0.1)] = 60.0,
    memory_mib: Annotated[int, typer.Option(help="Memory of one execution, in MiB.", min=16)] = 512,
    dtype: Annotated[str, typer.Option(help="Number format: auto, float32, bfloat16 or float16.")] = "auto",
    max_model_len: Annotated[int | None, typer.Option(help="Tokens of prompt and answer.", min=16)] = None,
    threads: Annotated[int | None, typer.Option(help="On a CPU: cores to generate on.", min=1)] = None,
    key_variable: Annotated[str, typer.Option(help="Environment variable with the endpoint's key.")] = "OPENAI_API_KEY",
    patience_s: Annotated[float, typer.Option(help="How long an endpoint that fails is asked again.", min=0)] = 120.0,
) -> None:
    """Score a checkpoint or an endpoint on benchmarks whose programs are run.

    Shows progress; writes each result as it comes; killed or stopped, the same command goes on.
    """
    from cli.extras import require

    require("evaluation")
    if endpoint is None:
        require("server")
    from core.sandbox import Limits
    from evaluation.running.evaluate import ModelChoice, RunChoice
    from evaluation.runs import Sampling
    from evaluation.strategies.registry import StrategyOptions

    choice = RunChoice(
        benchmarks=tuple(benchmarks),
        output=output,
        format=format,
        language=language,
        only_languages=tuple(only_language or ()),
        languages=tuple(languages or ()),
        limit=limit,
        strategy=strategy,
        strategy_options=StrategyOptions(
            examples=examples,
            shots=shots,
            similar=similar,
            documentation=documentation,
            sections=sections,
            rounds=rounds,
        ),
        sampling=Sampling(
            samples=samples,
            temperature=temperature,
            seed=seed,
            max_new_tokens=max_new_tokens,
            fixed_batch=fixed_batch,
        ),
        concurrency=concurrency,
        sandbox=sandbox,
        limits=Limits(cpu_s=cpu_s, wall_s=wall_s, memory_mib=memory_mib),
        model=ModelChoice(
            model=model,
            endpoint=endpoint,
            template=template,
            dtype=dtype,
            max_model_len=max_model_len,
            threads=threads,
            key_variable=key_variable,
            patience_s=patience_s,
        ),
    )
    _run(choice)


def _run(choice: RunChoice) -> None:
    import asyncio

    from rich.console import Console

    from cli import terminal
    from cli.progress import RunProgress, scores_table
    from evaluation.running.evaluate import evaluate as run
    from evaluation.scoring.summary import summarise

    console = Console(file=sys.stderr, soft_wrap=True)
    if choice.sandbox == "none":
        console.print("warning: without a sandbox these programs can do to this machine whatever you can")
    try:
        with RunProgress(console) as progress:
            folders = asyncio.run(run(choice, progress))
    except KeyboardInterrupt:
        console.print(f"stopped; what is done is in {choice.output}, and the same command goes on")
        raise typer.Exit(130) from None
    terminal.console().print(scores_table([summarise(folder) for folder in folders]))


def rejudge(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    benchmark: Annotated[Path, typer.Argument(help="The file of tasks that it was made from.")],
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Run a run's stored answers again and compare the verdicts; nothing stored is changed.

    Exit status 1 if a verdict is another one now.
    """
    from rich.console import Console

    from cli.extras import require
    from cli.progress import RunProgress

    require("evaluation")
    from evaluation.running.rejudge import rejudge as again

    console = Console(file=sys.stderr, soft_wrap=True)
    with RunProgress(console) as progress:
        total, changed = again(run, benchmark, tuple(languages or ()), progress)
    for change in changed:
        sys.stdout.write(
            f"{change.task} (sample {change.sample}): {change.before}, now {change.now}: {change.detail}\n"
        )
    sys.stdout.write(f"{total} answers run again; {len(changed)} verdicts differ\n")
    if changed:
        raise typer.Exit(1)

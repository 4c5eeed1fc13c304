"""Eight languages' LoRA adapters on one engine, beside one adapter and beside none, in the same run.

One `vernacular serve` with the embedded model and eight adapters of rank 8 on all its linear layers, of random weights
that are small enough to leave its answers' lengths as they are. Users type in a closed loop as in
`benchmarks/serving.py`; who types in which language is all that differs. Rounds alternate.

    python -m benchmarks.adapters [--users 16] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.report import publish
from benchmarks.serving import COLUMNS, Figures, Server
from benchmarks.workload import User, users

EMBEDDED = Path("server/embedded_model")
LANGUAGES = ("lua", "javascript", "ocaml", "r", "fortran", "prolog", "racket", "haskell")
PLAIN = "python"
RANK = 8
MAX_NEW_TOKENS = 24
KEY_STROKES = 6
LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
SIDES = {"no adapter": (PLAIN,), "one adapter": LANGUAGES[:1], "eight adapters": LANGUAGES}


def main() -> None:
    """Measure, print, write `results/adapters.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=16, help="how many type at once")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each side")
    arguments = parser.parse_args()
    figures = {name: Figures() for name in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        adapters = {language: str(_adapter(Path(folder, language), seed)) for seed, language in enumerate(LANGUAGES)}
        entry = {"checkpoint": str(EMBEDDED.resolve()), "adapters": adapters, "wait_ms": 60_000}
        models = {"models": {"m": entry}, "languages": {language: f"m/{language}" for language in LANGUAGES}}
        Path(folder, "models.yaml").write_text(json.dumps(models), encoding="utf-8")
        server = Server(None, "--models", str(Path(folder, "models.yaml")), "--gate", "off")
        try:
            for number in range(-1, arguments.rounds):  # round -1 is thrown away
                people = users(arguments.users, KEY_STROKES, MAX_NEW_TOKENS, seed=number + 2)
                for name in sorted(SIDES, reverse=number % 2 == 0):
                    typing = _in_languages(people, SIDES[name])
                    server.run([User(person.requests[:1]) for person in typing])
                    measured = server.run([User(person.requests[1:]) for person in typing])
                    if number >= 0:
                        figures[name].add(measured)
        finally:
            server.close()
    _publish(figures, arguments.users, arguments.rounds)


def _adapter(folder: Path, seed: int) -> Path:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(EMBEDDED)
    config = LoraConfig(r=RANK, lora_alpha=1, target_modules=list(LAYERS), init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(str(folder))
    return folder


def _in_languages(people: list[User], languages: tuple[str, ...]) -> list[User]:
    """The same users, in these languages by turns."""
    return [
        User(
            tuple(
                request.model_copy(update={"language": languages[number % len(languages)]})
                for request in person.requests
            )
        )
        for number, person in enumerate(people)
    ]


def _publish(figures: dict[str, Figures], count: int, rounds: int) -> None:
    one, eight, none = (figures[name].tokens_per_s for name in ("one adapter", "eight adapters", "no adapter"))
    publish(
        "adapters",
        f"embedded model, {count} users, {rounds} rounds, rank {RANK}; first and last token, ms, and tokens a second",
        COLUMNS,
        [[name, *measured.cells] for name, measured in figures.items()],
        {"figures": {name: vars(measured) for name, measured in figures.items()}},
        [
            f"Eight adapters: {eight / one:.0%} of one adapter's tokens a second.",
            f"One adapter: {one / none:.0%} of those of the model without.",
        ],
    )


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()

"""A small training in a process of its own, for the tests that kill it: `python small_run.py FOLDER STEPS PAUSE_S`.

Prints the SHA-256 of the final weights.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parent))


def main() -> None:
    folder, steps, pause_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    from training.from_nothing.examples import ExampleMaker, Row
    from training.from_nothing.measure import HeldOut
    from training.from_nothing.pretrain import pretrain
    from training.from_nothing.tokenizer import train_tokenizer

    conftest = importlib.import_module("conftest")
    documents = conftest.documents.__wrapped__()
    part = conftest.part.__wrapped__()
    stage = conftest.stage.__wrapped__(part)
    stage = stage.model_copy(update={"total_tokens": steps * stage.tokens_per_step})
    tokenizer = train_tokenizer(stage.tokenizer, documents, seed=1)

    class Slow(ExampleMaker):
        def row(self, number: int, length: int) -> Row:
            time.sleep(pause_s)
            return super().row(number, length)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    model = pretrain(
        stage,
        [Slow(documents, tokenizer, phase.examples, stage.seed) for phase in stage.phases],
        tokenizer,
        HeldOut.sample(documents, tokenizer, 64),
        folder,
        say,
    )
    digest = hashlib.sha256()
    for _, tensor in sorted(model.state_dict().items()):
        digest.update(tensor.detach().numpy().tobytes())
    print(digest.hexdigest())  # noqa: T201


if __name__ == "__main__":
    main()

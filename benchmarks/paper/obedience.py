"""Whether models answer in the form that was asked for, on Levy's tasks, apart from whether their code is right."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from core.errors import RequestError
from core.files import write_atomically
from core.language_files import load_languages
from evaluation.formats import read_benchmark
from evaluation.models.base import Chat, Drawing
from evaluation.models.local import LocalModel
from training.tuning.forms import FORMS, form_tasks

SEED = 1
MAX_NEW_TOKENS = 200


def measure(model: Path, tasks: Path, languages: Path, output: Path) -> dict[str, bool]:
    """Task and form -> obeyed; answers and verdicts are kept in `output`, which is left where it is there already.

    Each task is asked once, in a form drawn by the seed: the same for every model. A question that is too long for
    the model's context is not obeyed.
    """
    if not output.exists():
        write_atomically(output, json.dumps(asyncio.run(_answers(model, tasks, languages)), indent=1) + "\n")
    return {f"{row['task']} {row['form']}": row["obeyed"] for row in json.loads(output.read_text(encoding="utf-8"))}


async def _answers(model: Path, tasks: Path, languages: Path) -> list[dict[str, str | bool]]:
    registry = load_languages([languages])
    asked = form_tasks(read_benchmark(tasks, None, None, registry).tasks, SEED)
    levy = registry.named("levy")
    engine = LocalModel(str(model), None, {"max_sequences": 32})
    await engine.start(lambda _: None)

    async def answer(number: int) -> str:
        try:
            reply = await engine.ask(Chat(asked[number].messages(levy)), Drawing(max_new_tokens=MAX_NEW_TOKENS))
        except RequestError:
            return ""
        return reply.text

    try:
        answers = await asyncio.gather(*map(answer, range(len(asked))))
    finally:
        await engine.close()
    return [
        {
            "task": form.task.id,
            "form": form.form,
            "gives": FORMS[form.form].gives,
            "answer": text,
            "obeyed": form.obeys(text, levy),
        }
        for form, text in zip(asked, answers, strict=True)
    ]

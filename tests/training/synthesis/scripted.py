"""A scripted model, and the Lua that it is asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.language_files import load_languages
from core.sandbox import Limits, open_sandbox
from evaluation.formats import read_benchmark
from evaluation.running.judging import Judge
from evaluation.verdicts import Verdict
from training.corpora.show import Show
from training.synthesis.record import Record
from training.synthesis.settings import load_synthesis
from training.synthesis.synthesise import synthesise

LARGER = """-- Gives the larger of two numbers.
local function larger(left, right)
  if left > right then
    return left
  end
  return right
end
"""
HALVED = """local function halved(first_of_all_values)
  return first_of_all_values // 2
end
"""
SUM = """local sum = 0
for number in io.read("a"):gmatch("%-?%d+") do
  sum = sum + tonumber(number)
end
print(sum)"""
INPUTS = ("1 2 3", "10 -4", "7")
STATEMENT = "Read whole numbers, and print their sum."


def block(*codes: str) -> str:
    return "\n\n".join(f"```lua\n{code}\n```" for code in codes)


class Script:
    """Says what stands under the first key that the last message holds."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said

    def __call__(self, body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        return next((text for key, text in self.said.items() if key in asked), "I do not know.")


def made(recipe: Path, output: Path, **more: Any) -> Record:
    return asyncio.run(synthesise(load_synthesis(recipe), output, Show(), **more))


def passing(file: Path) -> bool:
    """Whether every task's own solution passes."""
    tasks = read_benchmark(file).tasks
    with Judge(tasks, load_languages(), open_sandbox(), Limits()) as judge:
        verdicts = {judge.decide(t, t.canonical, t.program(t.canonical or "")).judged.verdict for t in tasks}
    return verdicts == {Verdict.PASSED}

"""Compiler feedback: where the tool chain complains of an answer, the conversation goes on with what it says.

As in Self-Debug (arXiv 2304.05128) with the tool chain's own messages; what it may complain of says
`evaluation/running/probing.py`: no code, the compiler's refusal, an error or a wrong output on what the task itself
shows. Never a hidden test.
"""

from __future__ import annotations

from evaluation.models.base import Chat, Message, Prompt
from evaluation.strategies.chat import Ask
from evaluation.strategies.examples import Documentation, Examples

USUAL_ROUNDS = 2
_AGAIN = "Answer with the complete corrected code in one fenced block, and nothing else."
_NOTHING = "(no answer)"


class Repair(Ask):
    """Asks as `Ask` does, and up to `rounds` times again."""

    def __init__(
        self,
        examples: Examples | None = None,
        documentation: Documentation | None = None,
        *,
        rounds: int = USUAL_ROUNDS,
    ) -> None:
        super().__init__(examples, documentation)
        self.rounds = rounds

    def again(self, prompt: Prompt, answer: str, complaint: str) -> Prompt:
        """The conversation with the answer, and the complaint as the user's next message."""
        assert isinstance(prompt, Chat)
        said = Message("assistant", answer.strip() or _NOTHING)
        return Chat((*prompt.messages, said, Message("user", f"{complaint}\n\n{_AGAIN}")))

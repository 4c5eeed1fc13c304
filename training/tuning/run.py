"""From a tuning's job to what is fitted: token sequences of its conversations."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import ConfigError
from evaluation.models.chat import ChatTemplate
from server.tokens.rendering import TokenRenderer
from training.fitting.sequences import TokenSequence
from training.tuning.conversations import ConversationTokens, read_conversations
from training.tuning.settings import TuneJob

CHATML = Path(__file__).with_name("chatml.jinja")
"""A template for models whose tokenizer holds `<|im_start|>` and `<|im_end|>`, as the embedded model's does."""

_log = logging.getLogger(__name__)


class ConversationFile(Iterable[TokenSequence]):
    """The sequences of a file, read anew by each iteration, so that memory holds one at a time.

    `kept` and `dropped` count what the last whole iteration gave, and left out because it was too long.
    """

    def __init__(self, path: Path, tokens: ConversationTokens, max_tokens: int) -> None:
        self._path = path
        self._tokens = tokens
        self._max_tokens = max_tokens
        self.kept = 0
        self.dropped = 0

    def __iter__(self) -> Iterator[TokenSequence]:
        kept = dropped = 0
        for conversation in read_conversations(self._path):
            sequence = self._tokens.sequence(conversation)
            if len(sequence.input_ids) > self._max_tokens:
                dropped += 1
                continue
            kept += 1
            yield sequence
        self.kept, self.dropped = kept, dropped
        if dropped:
            _log.warning(
                "%s: %d of %d conversations are longer than %d tokens and left out; raise row_tokens to keep them",
                self._path,
                dropped,
                kept + dropped,
                self._max_tokens,
            )
        if not kept:
            raise ConfigError(
                f"{self._path}: holds no conversation of at most {self._max_tokens} tokens; raise row_tokens, or give "
                f"a file with conversations"
            )


def tuning_sequences(job: TuneJob, model_folder: Path) -> tuple[Iterable[TokenSequence], Iterable[TokenSequence]]:
    """What is trained on and what is measured on; the latter is empty where the job names no held-out file.

    `model_folder` holds the model's tokenizer, and its chat template unless the job's settings give one. Both can be
    iterated again. Raises `ConfigError` for a missing or malformed template or conversation, `CheckpointError` for a
    tokenizer or template that does not work.
    """
    renderer = TokenRenderer.from_folder(model_folder)
    template = _template(job.settings.chat_template)
    tokens = ConversationTokens(ChatTemplate(model_folder, renderer, template), renderer)
    limit = job.settings.row_tokens
    held_out = ConversationFile(job.held_out, tokens, limit) if job.held_out else ()
    return ConversationFile(job.conversations, tokens, limit), held_out


def _template(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError(f"chat_template {path}: cannot be read ({(reason or 'error').lower()})") from None

"""One file, from its bytes to a cleaned text with all that later steps need of it, or why it is dropped.

The order of the steps decides which word a file is counted under that fails several: decoded, read, filtered, secrets,
personal data, benchmark. A benchmark's task is looked for in the text as it was, before anything is masked.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from dataclasses import dataclass, field

from core.credentials import without_secrets
from core.decoding import decoded
from core.languages import TEXT
from training.corpora.cleaning.benchmarks import Tasks
from training.corpora.cleaning.filters import code_refusal, documentation_refusal
from training.corpora.cleaning.licences import is_licence_file, licence_of_text, licence_tag
from training.corpora.cleaning.personal import without_personal_data
from training.corpora.cleaning.prose import html_text, pdf_text
from training.corpora.cleaning.words import content_key, signature, word_numbers
from training.corpora.settings import CorpusSettings
from training.documents import without_notice


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file as it was read. `form` is `code`, a format of documentation, or `licence` for a LICENSE file; `size` is in
    bytes, also of a file whose content was not read."""

    path: str
    language: str
    form: str
    content: bytes = field(repr=False)
    size: int = 0
    version: str = ""
    age: int = 0


@dataclass(slots=True)
class Cleaned:
    """What became of a file. `packed` is the text, compressed; of a file with a `reason` it is empty."""

    path: str
    version: str
    age: int
    language: str
    form: str
    raw_bytes: int
    sha256: str
    reason: str = ""
    detail: str = ""
    licence: str = ""
    masked: Counter[str] = field(default_factory=Counter)
    text_bytes: int = 0
    packed: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    signature: bytes = field(default=b"", repr=False)


def clean(file: RawFile, settings: CorpusSettings, tasks: Tasks) -> Cleaned:
    """Clean one file."""
    result = Cleaned(
        file.path,
        file.version,
        file.age,
        file.language,
        file.form,
        len(file.content),
        hashlib.sha256(file.content).hexdigest(),
    )
    text, result.reason = _text_of(file)
    if file.form == "licence" or is_licence_file(file.path):
        result.form, result.reason = "licence", "licence_file"
        result.licence = licence_of_text(text)
        return result
    result.reason = result.reason or _refusal(file, text, settings)
    if result.reason:
        return result
    result.licence = licence_tag(text)
    result.detail = tasks.held(word_numbers(text)) if len(tasks.grams) else ""
    if result.detail:
        result.reason = "benchmark"
        return result
    if file.language != TEXT.name and settings.code.notices == "strip":
        without = without_notice(text)
        result.masked["notices"] += without != text
        text = without
    if settings.secrets != "keep":
        text, secrets = without_secrets(text)
        result.masked["secrets"] += secrets
        if secrets and settings.secrets == "drop":
            result.reason = "secret"
            return result
    text, personal = without_personal_data(text, settings.personal_data)
    result.masked = +(result.masked + personal)
    if not text.strip():
        result.reason = "short"
        return result
    data = text.encode("utf-8")
    result.text_bytes = len(data)
    result.packed = zlib.compress(data, 1)
    result.key = content_key(text)
    of = settings.duplicates
    result.signature = signature(word_numbers(text), of.shingle_words, of.permutations)
    return result


def _text_of(file: RawFile) -> tuple[str, str]:
    if file.form == "pdf":
        return pdf_text(file.content)
    text, reason = decoded(file.content)
    return html_text(text) if file.form == "html" and not reason else (text, reason)


def _refusal(file: RawFile, text: str, settings: CorpusSettings) -> str:
    if file.language != TEXT.name:
        return code_refusal(file.path, text, settings.code)
    assert settings.documentation is not None
    return documentation_refusal(file.path, text, settings.documentation)

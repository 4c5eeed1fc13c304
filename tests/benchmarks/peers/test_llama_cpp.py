"""The real llama.cpp with our model: the same numbers as transformers. Skipped where it is not built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.peers import llama_cpp
from benchmarks.peers.processes import ROOT, PeerError
from server.tokens.rendering import TokenRenderer

MODEL = ROOT / "server" / "embedded_model"
TEXT = "///|\nfn sum(numbers : Array[Int]) -> Int {\n  let mut total = 0\n  for number in numbers {\n    total "
NEW_TOKENS = 16
EXACT = ("--cache-type-k", "f32", "--cache-type-v", "f32", "--flash-attn", "off")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if not llama_cpp.binary().is_file():
        pytest.skip("llama.cpp's server is not built; `make peers` builds it")
    with llama_cpp.llama_server(MODEL, dtype="f32", more=EXACT) as address:
        yield address


def post(url: str, path: str, body: dict[str, Any]) -> Any:
    answer = httpx.post(f"{url}{path}", json=body, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.engine
def test_it_says_what_transformers_says(url: str) -> None:
    """Greedy tokens are equal, their log-probabilities to 0.001 in f32 (measured: 0.0001)."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from transformers import AutoModelForCausalLM

    renderer = TokenRenderer.from_folder(MODEL)
    prompt = [3, 5, *renderer.encode("\n  }\n  total\n}\n"), 4, *renderer.encode(TEXT)]
    body = {"prompt": prompt, "n_predict": NEW_TOKENS, "temperature": 0, "n_probs": 5, "ignore_eos": False}
    said = post(url, "/completion", body)["completion_probabilities"]
    ids = [token["id"] for token in said]
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
    logprobs = torch.log_softmax(logits.double(), dim=-1)
    assert logprobs.argmax(dim=-1).tolist() == ids
    for token, row in zip(said, logprobs, strict=True):
        for other in token["top_logprobs"]:
            assert other["logprob"] == pytest.approx(row[other["id"]].item(), abs=1e-3)


@pytest.mark.engine
def test_text_becomes_nearly_the_same_tokens(url: str) -> None:
    """Its own splitting rules are others (`gguf.py`): at least nine in ten tokens of a real file are ours."""
    renderer = TokenRenderer.from_folder(MODEL)
    text = (ROOT / "languages" / "fixtures" / "moonbit" / "passes.mbt").read_text(encoding="utf-8")
    theirs = post(url, "/tokenize", {"content": text})["tokens"]
    ours = renderer.encode(text)
    assert len(set(spans(ours, renderer)) & set(spans(theirs, renderer))) >= 0.9 * len(list(ours))
    assert post(url, "/detokenize", {"tokens": theirs})["content"] == text


@pytest.mark.engine
def test_infill_knows_the_models_tokens(url: str) -> None:
    body = {"input_prefix": TEXT, "input_suffix": "\n", "prompt": "", "n_predict": 4, "temperature": 0}
    answer = post(url, "/infill", body)
    assert answer["tokens_evaluated"] > len(TEXT) / 10
    assert "<|fim_prefix|>" in answer["prompt"]


def spans(ids: Any, renderer: TokenRenderer) -> Iterator[tuple[int, int]]:
    at = 0
    for token in ids:
        yield at, token
        at += len(renderer.vocabulary.tokens[token])


def test_a_download_that_is_another_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """pip is replaced by a program that leaves nothing, and by one that leaves something else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.executable", "true")
    llama_cpp.folder().mkdir(parents=True)
    (llama_cpp.folder() / f"llama_cpp_python-{llama_cpp.VERSION}.tar.gz").write_bytes(b"cut short")
    with pytest.raises(PeerError, match=r"pip left no llama_cpp_python-.*; see .*log"):
        llama_cpp.source(tmp_path / "log")
    pip = tmp_path / "pip"
    pip.write_text(f"#!/bin/sh\necho other > {llama_cpp.folder()}/llama_cpp_python-{llama_cpp.VERSION}.tar.gz\n")
    pip.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(pip))
    with pytest.raises(PeerError, match="not the published file"):
        llama_cpp.source(tmp_path / "log")


def test_without_a_compiler_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(PeerError, match="no C\\+\\+ compiler"):
        llama_cpp.build()

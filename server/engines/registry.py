"""Engines by name. One more is one more entry: a factory that imports lazily."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from pydantic import JsonValue

from core.errors import UnknownNameError
from server.engines.base import Engine


def _worker(name: str) -> Callable[[dict[str, JsonValue]], Engine]:
    def factory(options: dict[str, JsonValue]) -> Engine:
        engine: Engine = import_module("server.engines.supervised").SupervisedWorker(name, options)
        return engine

    return factory


def _remote(options: dict[str, JsonValue]) -> Engine:
    engine: Engine = import_module("server.engines.remote.engine").RemoteEngine(options)
    return engine


ENGINES: dict[str, Callable[[dict[str, JsonValue]], Engine]] = {
    "vllm": _worker("vllm"),
    "remote": _remote,
}


def engine_named(name: str, options: dict[str, JsonValue]) -> Engine:
    """A new engine, not started yet. Raises `UnknownNameError`, and `ConfigError` for wrong options of `remote`."""
    try:
        factory = ENGINES[name]
    except KeyError:
        raise UnknownNameError("engine", name, ENGINES) from None
    return factory(options)

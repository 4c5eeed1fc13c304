"""The admin API: what is served, and changing it. Who may use it: `server.access`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from core.errors import RequestError, UnknownNameError, VernacularError
from core.wire import ModelCard, Problem
from server.access.identity import identity_of
from server.registry.canary_watch import CanaryWatch
from server.registry.edits import promotion, taken_out, withdrawal
from server.registry.models import Models
from server.registry.models_file import CanaryPolicy, Language, Name, Target
from server.registry.store import Edit, ModelsStore
from server.service import Served


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QueueAnswer(_Wire):
    """The queue of one engine."""

    slots: int = Field(description="requests in the engine at once, at most")
    limit: int = Field(description="requests in the engine at once, as things are: what it gets done in good time")
    running: int = Field(description="requests in the engine now")
    waiting_interactive: int = Field(description="typists' requests that wait")
    waiting_batch: int = Field(description="batches' requests that wait")
    mean_s: float = Field(description="how long a request is in the engine")
    refused: int = Field(description="requests refused since the engine's queue began")


class ReplicaAnswer(_Wire):
    """One server that an engine spreads its jobs over."""

    url: str = Field(description="its address")
    ready: bool = Field(description="whether it is healthy")
    draining: bool = Field(description="whether it gets no new jobs")
    under_way: int = Field(description="jobs on it now")
    detail: str = Field(description="one line: how it does")


class Draining(_Wire):
    """Which replica, and whether it is to get no new jobs."""

    replica: str = Field(description="its address", min_length=1)
    draining: bool = Field(default=True, description="false: it gets jobs again")


class ModelAnswer(_Wire):
    """One model, or one adapter on it."""

    name: str = Field(description="what languages point to")
    status: Literal["starting", "ready", "failed"] = Field(description="starting, ready or failed")
    detail: str = Field(description="one line: what it is doing, or why it failed")
    restarts: int = Field(description="times the engine was started again")
    card: ModelCard | None = Field(description="once it is known")
    checkpoint: str = Field(description="folder or hub id; empty: the embedded model")
    can_roll_back: bool = Field(description="whether there is something before the last change")
    queue: QueueAnswer = Field(description="its engine's queue")
    replicas: list[ReplicaAnswer] = Field(description="of a remote engine")


class ModelsAnswer(_Wire):
    """Everything that is in force."""

    default: str = Field(description="serves each language without an entry")
    languages: dict[str, str] = Field(description="language -> model or model/adapter")
    canaries: dict[str, CanaryPolicy] = Field(description="language -> candidate")
    models: list[ModelAnswer] = Field(description="each model, its adapters behind it")
    decisions: dict[str, str] = Field(description="language -> what its canary's figures say, in one line")
    problem: str = Field(description="why the models file's newest text is not in force; empty: it is")


class Checkpoint(_Wire):
    """What to serve from now on."""

    checkpoint: str = Field(description="a model folder on the server's machine, or a hub id", min_length=1)


class Folder(_Wire):
    """An adapter."""

    folder: str = Field(description="folder on the server's machine", min_length=1)


class Pointer(_Wire):
    """What serves a language."""

    model: Target = Field(description="a model, or model/adapter")


class Changes(_Wire):
    """What a change came to."""

    changes: list[str] = Field(description="one line each; empty: everything was so already")


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "no such model or language"},
    422: {"model": Problem, "description": "the change cannot be made, and nothing was changed"},
}


def admin_router(store: ModelsStore, canaries: CanaryWatch) -> APIRouter:
    """Routes under `/admin/v1`."""
    router = APIRouter(prefix="/admin/v1", tags=["admin"], responses=_PROBLEMS)
    models = store.models

    async def changed(http: Request, edit: Edit) -> Changes:
        with _told():
            return Changes(changes=await store.change(edit, identity_of(http).user))

    @router.get("/models", summary="What is served, and how it does")
    async def state() -> ModelsAnswer:
        file = models.file
        return ModelsAnswer(
            default=file.first,
            languages=dict(file.languages),
            canaries=dict(file.canaries),
            decisions={language: f"{each.action}: {each.why}" for language, each in canaries.decisions.items()},
            models=[_model(models, name, models.named(name)) for name in file.targets],
            problem=store.problem,
        )

    @router.get("/queue", summary="Each engine's queue")
    async def queue() -> dict[str, QueueAnswer]:
        return {name: _queue(models.named(name)) for name in models.file.models}

    @router.post("/reload", summary="Put the models file in force as it is now")
    async def reload(http: Request) -> Changes:
        with _told():
            return Changes(changes=await store.reload(identity_of(http).user))

    @router.post("/models/{name}/swap", summary="Serve another checkpoint under a model's name")
    async def swap(http: Request, name: Annotated[Name, Path()], body: Annotated[Checkpoint, Body()]) -> Changes:
        def edit(data: dict[str, Any]) -> None:
            entry = _entry(data, name)
            entry.pop("embedded", None)
            entry["checkpoint"] = body.checkpoint

        return await changed(http, edit)

    @router.post("/models/{name}/rollback", summary="Serve what a model was before its last change")
    async def rollback(http: Request, name: Annotated[Name, Path()]) -> Changes:
        def edit(data: dict[str, Any]) -> None:
            _entry(data, name)
            if name not in models.previous:
                raise RequestError(f"model {name} was not changed since this server started", code="nothing_before")
            data["models"][name] = models.previous[name].model_dump(mode="json", exclude_defaults=True)

        return await changed(http, edit)

    @router.post("/models/{name}/drain", summary="Give a replica no new jobs, or jobs again")
    async def drain(http: Request, name: Annotated[Name, Path()], body: Annotated[Draining, Body()]) -> Changes:
        with _told():
            return Changes(changes=[models.drain(name, body.replica, identity_of(http).user, draining=body.draining)])

    @router.put("/models/{name}/adapters/{adapter}", summary="Serve an adapter on a model, or another in its place")
    async def put_adapter(
        http: Request,
        name: Annotated[Name, Path()],
        adapter: Annotated[Name, Path()],
        body: Annotated[Folder, Body()],
    ) -> Changes:
        return await changed(
            http, lambda data: _entry(data, name).setdefault("adapters", {}).update({adapter: body.folder})
        )

    @router.delete("/models/{name}/adapters/{adapter}", summary="Take an adapter out of service")
    async def delete_adapter(http: Request, name: Annotated[Name, Path()], adapter: Annotated[Name, Path()]) -> Changes:
        return await changed(http, lambda data: taken_out(_entry(data, name).get("adapters", {}), adapter, "adapter"))

    @router.put("/languages/{language}", summary="Choose what serves a language")
    async def put_language(
        http: Request, language: Annotated[Language, Path()], body: Annotated[Pointer, Body()]
    ) -> Changes:
        return await changed(http, lambda data: data.setdefault("languages", {}).update({language: body.model}))

    @router.delete("/languages/{language}", summary="Let the default serve a language")
    async def delete_language(http: Request, language: Annotated[Language, Path()]) -> Changes:
        return await changed(http, lambda data: taken_out(data.get("languages", {}), language, "language"))

    @router.put("/canaries/{language}", summary="Give some of the users a candidate")
    async def put_canary(
        http: Request, language: Annotated[Language, Path()], body: Annotated[CanaryPolicy, Body()]
    ) -> Changes:
        policy = body.model_dump(mode="json", exclude_defaults=True)
        policy.setdefault("since", datetime.now(UTC).isoformat(timespec="seconds"))
        return await changed(http, lambda data: data.setdefault("canaries", {}).update({language: policy}))

    @router.delete("/canaries/{language}", summary="Take a candidate back")
    async def delete_canary(http: Request, language: Annotated[Language, Path()]) -> Changes:
        return await changed(http, withdrawal(language))

    @router.post("/canaries/{language}/promote", summary="Give every user the candidate")
    async def promote(http: Request, language: Annotated[Language, Path()]) -> Changes:
        return await changed(http, promotion(language))

    return router


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What goes wrong inside becomes a problem with its status."""
    try:
        yield
    except RequestError:
        raise
    except UnknownNameError as error:
        raise RequestError(str(error), status=404, code="not_found") from None
    except VernacularError as error:
        raise RequestError(str(error), code="change_refused") from None


def _entry(data: dict[str, Any], name: str) -> dict[str, Any]:
    models: dict[str, dict[str, Any]] = data.get("models", {})
    if name not in models:
        raise UnknownNameError("model", name, models)
    return models[name]


def _queue(served: Served) -> QueueAnswer:
    return QueueAnswer(**asdict(served.admission.state))


def _model(models: Models, target: str, served: Served) -> ModelAnswer:
    name, _, adapter = target.partition("/")
    entry, state = models.file.models[name], served.state
    return ModelAnswer(
        name=target,
        status=state.status,
        detail=state.detail,
        restarts=state.restarts,
        card=served.card,
        checkpoint=str(entry.adapters[adapter]) if adapter else entry.checkpoint or "",
        can_roll_back=name in models.previous,
        queue=_queue(served),
        replicas=[ReplicaAnswer(**asdict(each)) for each in served.engine.replicas] if served.engine else [],
    )

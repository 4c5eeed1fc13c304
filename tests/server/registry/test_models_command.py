"""`vernacular models`, as a platform team types it, against a server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Start = Callable[..., Any]
Checkpoint = Callable[[str], Path]

COMMAND = Path(sys.executable).with_name("vernacular")


async def vernacular(*arguments: str) -> tuple[int, str]:
    """Exit status, and what was printed."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "models", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_a_day_of_a_platform_team(start_models: Start, checkpoint: Checkpoint) -> None:
    models = {name: {"checkpoint": str(checkpoint(name))} for name in ("old", "new")}
    async with start_models(json.dumps({"models": models})) as server:
        at = ("--server", str(server.client.base_url))
        assert await vernacular("route", "lua", "new", *at) == (0, "language lua: default -> new\n")
        assert (await vernacular("try", "python", "new", "--share", "0.2", *at))[1] == (
            "canary for python: new for 20% of the users\n"
        )
        status, shown = await vernacular("show", *at)
        assert status == 0
        assert "lua: new" in shown
        assert "other languages: old" in shown
        assert "canary for python: new for 20% of the users" in shown
        assert (await vernacular("promote", "python", *at))[0] == 0
        assert server.models.file.languages == {"lua": "new", "python": "new"}
        assert (await vernacular("swap", "old", str(checkpoint("other")), *at))[0] == 0
        assert await server.text("text") == "other"
        assert (await vernacular("rollback", "old", *at))[0] == 0
        assert await server.text("text") == "old"
        assert await vernacular("reload", *at) == (0, "nothing to change\n")
        assert (await vernacular("check", str(server.path)))[1].endswith("fine; old, new; other languages: old\n")

        status, refused = await vernacular("swap", "older", "x", *at)
        assert (status != 0, "unknown model 'older' (did you mean 'old'?)" in refused) == (True, True)
        assert "Traceback" not in refused


async def test_no_server_is_one_line() -> None:
    status, said = await vernacular("show", "--server", "http://127.0.0.1:9")
    assert (status, len(said.strip().splitlines())) == (4, 1)
    assert "does not answer as a Vernacular server" in said

"""How an editor treats the text on display while somebody types, and when it asks again.

VS Code 1.x (`inlineCompletionsModel.ts`): asks 50 ms after the last change, cancels the request before, keeps showing a
proposal that is typed along. Neovim 0.12 (`vim/lsp/inline_completion.lua`): asks 200 ms after the last change, cancels
nothing, and goes on showing an old proposal on its line, less the characters typed since, right or not. `immediate` is
an editor that asks at the key, as llama.vim does in Vim: it compares servers and clients without an editor's pause.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UnknownNameError
from evaluation.replay.buffer import Change


@dataclass(frozen=True, slots=True)
class Profile:
    """An editor's manner."""

    name: str
    debounce_ms: float
    cancels: bool
    keeps_what_differs: bool

    def still_shown(self, shown: str, change: Change) -> str:
        """What is left on display of a text right after a step, before any answer."""
        if not change.is_plain_typing:
            return ""
        if shown.startswith(change.typed):
            return shown[len(change.typed) :]
        if self.keeps_what_differs and "\n" not in change.typed:
            line, separator, rest = shown.partition("\n")
            return line[len(change.typed) :] + separator + rest
        return ""


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("vscode", debounce_ms=50, cancels=True, keeps_what_differs=False),
        Profile("neovim", debounce_ms=200, cancels=False, keeps_what_differs=True),
        Profile("immediate", debounce_ms=0, cancels=True, keeps_what_differs=False),
    )
}


def profile_named(name: str) -> Profile:
    """The profile of that name. Raises `UnknownNameError`."""
    if name not in PROFILES:
        raise UnknownNameError("editor profile", name, PROFILES)
    return PROFILES[name]

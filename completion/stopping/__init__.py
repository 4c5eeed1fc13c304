"""Where an answer ends, found out while it streams in: what comes after would never be shown.

    watch.py     one answer under way: what of it is to be kept, as soon as that is sure
    brackets.py  which brackets are open at the cursor, and which of them a text closes
    scope.py     the end of the block that the cursor stands in, by brackets and by indentation
    following.py what the file has next

The rules decide on whole lines, except where a line's first characters suffice. They only ever end an answer earlier;
putting its text right is the clean-up's work (`completion/cleanup/`).
"""

from __future__ import annotations

from completion.stopping.watch import Stop, Watch, whole_lines

__all__ = ["Stop", "Watch", "whole_lines"]

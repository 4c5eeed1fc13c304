"""The learning rate over the steps: warm-up, stable, decay (Hu et al., arXiv 2404.06395), in one cycle or several.

Within a cycle the warm-up and the stable part do not depend on how long it is: it may be lengthened or shortened as
long as its decay has not begun. The decay is `1 - sqrt(x)` (Haegele et al., arXiv 2405.18392). A training that has
ended is taken up again by a further cycle, from the decayed weights (WSD-S, Wen et al., arXiv 2410.05192).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


def rate_factor(step: int, cycle_ends: Sequence[int], warmup_steps: int, decay_share: float) -> float:
    """What the peak learning rate is multiplied with in `step` (from 0): from above 0 over 1 down to nearly 0.

    `cycle_ends` are the rising numbers of steps after which a cycle has ended; `decay_share` is the share of a
    cycle's steps in which its rate falls.
    """
    number = min(bisect_right(cycle_ends, step), len(cycle_ends) - 1)
    begin = cycle_ends[number - 1] if number else 0
    if step - begin < warmup_steps:
        return (step - begin + 1) / warmup_steps
    decay_steps = int((cycle_ends[number] - begin) * decay_share)
    into = step - (cycle_ends[number] - decay_steps)
    if decay_steps == 0 or into < 0:
        return 1.0
    return float(max(0.0, 1.0 - (min(into + 1, decay_steps + 1) / (decay_steps + 1)) ** 0.5))

"""The learning rate over the steps: warm-up, stable, decay (Hu et al., arXiv 2404.06395).

The warm-up and the stable part do not depend on how long the run is: it may be lengthened or shortened as long as its
decay has not begun. The decay is `1 - sqrt(x)` (Haegele et al., arXiv 2405.18392).
"""

from __future__ import annotations


def rate_factor(step: int, total_steps: int, warmup_steps: int, decay_share: float) -> float:
    """What the peak learning rate is multiplied with in `step` (from 0): from above 0 over 1 down to nearly 0."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    decay_steps = int(total_steps * decay_share)
    into = step - (total_steps - decay_steps)
    if decay_steps == 0 or into < 0:
        return 1.0
    return float(max(0.0, 1.0 - (min(into + 1, decay_steps + 1) / (decay_steps + 1)) ** 0.5))

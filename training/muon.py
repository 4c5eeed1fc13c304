"""Muon for matrices and AdamW for everything else, as one optimizer.

Muon (Jordan et al., 2024, kellerjordan.github.io/posts/muon): Nesterov momentum, then the nearest semi-orthogonal
matrix by five Newton-Schulz steps. `torch.optim.Muon` computes those in bfloat16, which takes seconds a step on a CPU
without fast bfloat16 products; here they run in float32, matrices of one shape together. The rate is scaled by
`sqrt(max(1, rows / columns))`, as there. AdamW follows Loshchilov and Hutter (arXiv 1711.05101), without weight decay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from training.settings import OptimizerPart

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalized(matrices: Tensor, steps: int = 5) -> Tensor:
    """Each matrix of a stack `[n, rows, columns]` with its singular values moved to about 1, in float32."""
    a, b, c = NEWTON_SCHULZ
    x = matrices.float()
    wide = x if x.shape[-2] <= x.shape[-1] else x.mT
    wide = wide / wide.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = wide @ wide.mT
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    result: Tensor = wide if x.shape[-2] <= x.shape[-1] else wide.mT
    return result


class MuonWithAdamW(Optimizer):
    """One optimizer with groups of two kinds: `{"params", "lr", "muon": True | False}`."""

    def __init__(self, groups: Iterable[dict[str, Any]], part: OptimizerPart) -> None:
        super().__init__(groups, {"muon": False})
        self._part = part
        for group in self.param_groups:
            if group["muon"] and any(parameter.ndim != 2 for parameter in group["params"]):
                raise ValueError("Muon takes matrices only")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step. Parameters without a gradient are left as they are."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if group["muon"]:
                self._muon(parameters, group["lr"])
            else:
                self._adamw(parameters, group["lr"])
        return loss

    def _muon(self, parameters: list[nn.Parameter], rate: float) -> None:
        by_shape: dict[tuple[int, ...], list[nn.Parameter]] = {}
        for parameter in parameters:
            by_shape.setdefault(tuple(parameter.shape), []).append(parameter)
        for (rows, columns), same in by_shape.items():
            updates = torch.stack([self._momentum(parameter) for parameter in same])
            updates = orthogonalized(updates, self._part.newton_schulz_steps)
            scale = rate * max(1.0, rows / columns) ** 0.5
            for parameter, update in zip(same, updates, strict=True):
                parameter.mul_(1 - rate * self._part.muon_weight_decay)
                parameter.add_(update, alpha=-scale)

    def _momentum(self, parameter: nn.Parameter) -> Tensor:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum: Tensor = state["momentum"]
        momentum.lerp_(gradient, 1 - self._part.muon_momentum)
        return gradient.lerp(momentum, self._part.muon_momentum)

    def _adamw(self, parameters: list[nn.Parameter], rate: float) -> None:
        beta1, beta2 = self._part.adamw_beta1, self._part.adamw_beta2
        for parameter in parameters:
            gradient = parameter.grad
            assert gradient is not None
            state = self.state[parameter]
            if "step" not in state:
                state["step"] = torch.zeros(())
                state["mean"] = torch.zeros_like(parameter)
                state["square"] = torch.zeros_like(parameter)
            state["step"] += 1
            count = float(state["step"])
            state["mean"].lerp_(gradient, 1 - beta1)
            state["square"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            denominator = (state["square"] / (1 - beta2**count)).sqrt_().add_(1e-8)
            parameter.addcdiv_(state["mean"], denominator, value=-rate / (1 - beta1**count))


def optimizer_for(model: nn.Module, part: OptimizerPart) -> MuonWithAdamW:
    """Matrices of the decoder layers under Muon; embeddings, norms and biases under AdamW."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and ".layers." in name else others).append(parameter)
    groups = [
        {"params": matrices, "lr": part.muon_learning_rate, "muon": True},
        {"params": others, "lr": part.adamw_learning_rate, "muon": False},
    ]
    return MuonWithAdamW(groups, part)

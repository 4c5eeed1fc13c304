"""The methods by name. One more is a class here and its part in `training/synthesis/parts.py` and `settings.py`."""

from __future__ import annotations

from training.synthesis.method import Method
from training.synthesis.methods.combine import CombineMethod
from training.synthesis.methods.evolve import EvolveMethod
from training.synthesis.methods.inverse_instruct import InverseInstructMethod
from training.synthesis.methods.multipl_t import MultiplTMethod
from training.synthesis.methods.reverse import ReverseMethod
from training.synthesis.sampling import SampleMethod

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        SampleMethod,
        MultiplTMethod,
        InverseInstructMethod,
        ReverseMethod,
        EvolveMethod,
        CombineMethod,
    )
}

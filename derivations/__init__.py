"""SymPy derivations: formulas for arbitrary dimension, proven, refuted, repaired, and emitted to JAX."""

from typing import TYPE_CHECKING

from derivations.engine.derivation import Derivation, Step
from derivations.engine.judging.judge import judge
from derivations.engine.judging.verdict import Verdict
from derivations.engine.language.calculus import derivative
from derivations.engine.language.indices import dimension
from derivations.engine.language.vocabulary import (
    Field,
    Maximum,
    Phi,
    determinant,
    equation,
    gelu,
    index,
    inverse,
    log_determinant,
    mish,
    prime,
    product,
    sigmoid,
    silu,
    softplus,
    step,
    total,
)

if TYPE_CHECKING:
    from derivations.engine.emission import emit

__all__ = [
    "Derivation",
    "Field",
    "Maximum",
    "Phi",
    "Step",
    "Verdict",
    "derivative",
    "determinant",
    "dimension",
    "emit",
    "equation",
    "gelu",
    "index",
    "inverse",
    "judge",
    "log_determinant",
    "mish",
    "prime",
    "product",
    "sigmoid",
    "silu",
    "softplus",
    "step",
    "total",
]


def __getattr__(name: str):
    """`emit` needs JAX; nothing else here does."""
    if name == "emit":
        from derivations.engine.emission import emit

        return emit
    raise AttributeError(f"module 'derivations' has no attribute {name!r}")

"""SymPy derivations: formulas for arbitrary dimension, proven, refuted, repaired, and emitted to JAX."""

from derivations.calculus import derivative
from derivations.derivation import Derivation, Step
from derivations.indices import dimension
from derivations.prover import EngineBug, Verdict, judge
from derivations.vocabulary import Field, Maximum, equation, index, prime, product, sigmoid, softplus, step, total

__all__ = [
    "Derivation",
    "EngineBug",
    "Field",
    "Maximum",
    "Step",
    "Verdict",
    "derivative",
    "dimension",
    "emit",
    "equation",
    "index",
    "judge",
    "prime",
    "product",
    "sigmoid",
    "softplus",
    "step",
    "total",
]


def __getattr__(name: str):
    """`emit` needs JAX; nothing else here does."""
    if name == "emit":
        from derivations.emission import emit

        return emit
    raise AttributeError(f"module 'derivations' has no attribute {name!r}")

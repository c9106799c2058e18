"""SymPy derivations: formulas for arbitrary dimension, proven, refuted, repaired, and emitted to JAX."""

from derivations.calculus import (
    Field, Maximum, derivative, dimension, equation, index, prime, product, sigmoid, softplus, step, total,
)
from derivations.prover import EngineBug, Verdict, judge

__all__ = ["EngineBug", "Field", "Maximum", "Verdict", "derivative", "dimension", "equation", "index", "judge", "prime",
           "product", "sigmoid", "softplus", "step", "total"]

"""SymPy derivations: formulas for arbitrary dimension, proven, refuted, repaired, and emitted to JAX."""

from derivations.calculus import (
    Field, Maximum, derivative, dimension, equation, index, prime, product, sigmoid, softplus, step, total,
)
from derivations.derivation import Derivation, Step
from derivations.prover import EngineBug, Verdict, judge

__all__ = ["Derivation", "EngineBug", "Field", "Maximum", "Step", "Verdict", "derivative", "dimension", "equation", "index", "judge", "prime",
           "product", "sigmoid", "softplus", "step", "total"]

"""Forms in code that overflow or lose digits, and the stable ones: right over the reals is not enough."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from jax._src.core import jaxprs_in_params
from jax.extend.core import Literal

from derivations.reading.program import MOVES
from derivations.reading.question import Question

PASSES = MOVES | {"stop_gradient"}


class Made:
    """Of what a value is made: its operation and operands, through what only moves entries."""

    def __init__(self, jaxpr: Any):
        self.by = {v: e for e in jaxpr.eqns for v in e.outvars}

    def name(self, v: Any) -> str:
        e = self.of(v)
        return "" if e is None else e.primitive.name

    def of(self, v: Any) -> Any:
        e = None if isinstance(v, Literal) else self.by.get(v)
        while e is not None and e.primitive.name in PASSES:
            v = e.invars[0]
            e = None if isinstance(v, Literal) else self.by.get(v)
        return e

    def operands(self, v: Any) -> list[Any]:
        e = self.of(v)
        return [] if e is None else list(e.invars)

    def is_shifted(self, v: Any) -> bool:
        """Has a maximum been taken away from it?"""
        return self.name(v) == "sub" and any(self.name(a) in ("reduce_max", "max") for a in self.operands(v))

    def is_one(self, v: Any) -> bool:
        return isinstance(v, Literal) and np.ndim(v.val) == 0 and float(v.val) == 1

    def is_bare_exp(self, v: Any) -> bool:
        return self.name(v) == "exp" and not self.is_shifted(self.operands(v)[0])

    def is_sum_of_exp(self, v: Any) -> bool:
        return self.name(v) == "reduce_sum" and self.is_bare_exp(self.operands(v)[0])

    def is_square(self, v: Any) -> bool:
        e = self.of(v)
        if e is None:
            return False
        same = e.primitive.name == "mul" and e.invars[0] is e.invars[1]
        return same or e.primitive.name == "square" or (e.primitive.name == "integer_pow" and e.params["y"] == 2)

    def is_mean_of_squares(self, v: Any) -> bool:
        return (
            self.name(v) == "div"
            and self.name(a := self.operands(v)[0]) == "reduce_sum"
            and self.is_square(self.operands(a)[0])
        )


def log_of_sum(m: Made, v: Any) -> bool:
    return m.name(v) == "log" and m.is_sum_of_exp(m.operands(v)[0])


def softmax(m: Made, v: Any) -> bool:
    return m.name(v) == "div" and m.is_bare_exp(m.operands(v)[0]) and m.is_sum_of_exp(m.operands(v)[1])


def log_of_one_more(m: Made, v: Any) -> bool:
    return m.name(v) == "log" and m.name(a := m.operands(v)[0]) == "add" and any(map(m.is_one, m.operands(a)))


def softplus(m: Made, v: Any) -> bool:
    return log_of_one_more(m, v) and any(m.is_bare_exp(a) for a in m.operands(m.operands(v)[0]))


def exp_less_one(m: Made, v: Any) -> bool:
    return m.name(v) == "sub" and m.name(m.operands(v)[0]) == "exp" and m.is_one(m.operands(v)[1])


def sigmoid(m: Made, v: Any) -> bool:
    if m.name(v) != "div" or m.name(below := m.operands(v)[1]) != "add":
        return False
    return any(map(m.is_one, m.operands(below))) and any(m.is_bare_exp(a) for a in m.operands(below))


def variance(m: Made, v: Any) -> bool:
    return m.name(v) == "sub" and m.is_mean_of_squares(m.operands(v)[0]) and m.is_square(m.operands(v)[1])


def hypotenuse(m: Made, v: Any) -> bool:
    return m.name(v) == "sqrt" and m.name(a := m.operands(v)[0]) == "add" and all(map(m.is_square, m.operands(a)))


FORMS: dict[str, Callable[[Made, Any], bool]] = {
    "log Σ eˣ overflows: jax.nn.logsumexp(x), which takes the maximum out": log_of_sum,
    "eˣ / Σ eˣ overflows: jax.nn.softmax(x)": softmax,
    "log(1 + eˣ) overflows: jax.nn.softplus(x)": softplus,
    "log(1 + u) loses digits at small u: jnp.log1p(u)": lambda m, v: log_of_one_more(m, v) and not softplus(m, v),
    "eˣ − 1 loses digits at small x: jnp.expm1(x)": exp_less_one,
    "1/(1 + e⁻ˣ) overflows on the way: jax.nn.sigmoid(x)": sigmoid,
    "mean x² − (mean x)² cancels: the mean of (x − mean x)², in two passes": variance,
    "√(x² + y²) overflows: jnp.hypot(x, y)": hypotenuse,
}


def stable_forms(question: Question) -> tuple[str, ...]:
    """What the code should be written as in floating point; nothing if it cannot be traced at the example."""
    with suppress(Exception):
        forward = question.trace_forward(question.example)
        backward = question.trace_backward(question.example, forward.out_avals)
        programs = [*parts(forward.jaxpr), *parts(backward.jaxpr)]
        return tuple(text for text, holds in FORMS.items() if any(found(p, holds) for p in programs))
    return ()


def found(jaxpr: Any, holds: Callable[[Made, Any], bool]) -> bool:
    made = Made(jaxpr)
    return any(holds(made, v) for e in jaxpr.eqns for v in e.outvars)


def parts(jaxpr: Any) -> Iterator[Any]:
    """A program and those in it; of JAX's own functions, which are stable, none."""
    yield jaxpr
    for e in jaxpr.eqns:
        if e.params.get("name") not in OWN and e.primitive.name not in ("custom_jvp_call", "custom_vjp_call"):
            for inner in jaxprs_in_params(e.params):
                yield from parts(inner)


OWN = {"logsumexp", "softmax", "log_softmax", "softplus", "sigmoid", "hypot", "_var", "var", "silu", "gelu"}

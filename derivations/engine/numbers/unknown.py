"""What stands for an unknown function at a point: a random polynomial, so that its derivatives are known exactly."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product as cartesian
from math import perm, prod
from typing import Any

from derivations.engine.numbers.arithmetic import added, multiplied

Coefficient = Callable[..., Fraction]


def polynomial(arithmetic: Any, coefficient: Coefficient, name: str, indices: tuple[int, ...], arguments: list) -> Any:
    """Σ c_ab… x^a y^b …, exponents up to 3 (of one argument) or 2, or its derivative: f′, f′1, f′2 …"""
    base, *primes = name.split("'")
    orders = [0] * len(arguments)
    for p in primes:
        orders[int(p or 1) - 1] += 1
    degree = 3 if len(arguments) == 1 else 2
    terms = []
    for exponents in cartesian(range(degree + 1), repeat=len(arguments)):
        if all(e >= o for e, o in zip(exponents, orders, strict=True)):
            c = coefficient(base, indices, exponents) * prod(perm(e, o) for e, o in zip(exponents, orders, strict=True))
            powers = (x for x, e, o in zip(arguments, exponents, orders, strict=True) for _ in range(e - o))
            terms.append(multiplied(arithmetic, [arithmetic.number(Fraction(c)), *powers]))
    return added(arithmetic, terms)


def form(
    arithmetic: Any,
    coefficient: Coefficient,
    name: str,
    indices: tuple[int, ...],
    rank: int,
    values: Mapping[tuple[int, ...], Any],
) -> Any:
    """F_j(v) = Σ_k a_jk v_k + (Σ_k b_jk v_k)², or its first or second derivative; k are the `rank` indices of v."""
    base, *primes = name.split("'")
    split = len(indices) - rank * len(primes)
    j, wrt = indices[:split], [indices[p : p + rank] for p in range(split, len(indices), rank)]

    def drawn(letter: str, k: tuple[int, ...]) -> Any:
        return arithmetic.number(coefficient(base, j, (letter, *k)))

    def weighted(letter: str) -> Any:
        return added(arithmetic, (arithmetic.multiply(drawn(letter, k), v) for k, v in values.items()))

    if not wrt:
        inner = weighted("b")
        return arithmetic.add(weighted("a"), arithmetic.multiply(inner, inner))
    slope = multiplied(arithmetic, [arithmetic.number(Fraction(2)), *(drawn("b", m) for m in wrt)])
    if len(wrt) == 1:
        return arithmetic.add(drawn("a", wrt[0]), arithmetic.multiply(slope, weighted("b")))
    return slope if len(wrt) == 2 else arithmetic.number(Fraction(0))

"""What the checker knows of functions, as terms of the format in which X stands for the argument."""

from functools import reduce
from typing import Any

X = ["x", "·", []]


def f(name: str, t: list) -> list:
    return ["f", name, t]


def n(c: Any) -> list:
    return ["n", str(c)]


def neg(t: list) -> list:
    return ["*", n(-1), t]


def gap(a: list, b: list) -> list:
    return ["+", a, neg(b)]


def larger(a: list, b: list) -> list:
    return ["+", b, ["*", gap(a, b), ["step", gap(a, b)]]]


WRITTEN = {  # in other words: what X stands for is put in
    "tan": ["*", f("sin", X), ["^", f("cos", X), n(-1)]],
    "erfc": ["+", n(1), neg(f("erf", X))],
    "Phi": ["*", n("1/2"), ["+", n(1), f("erf", ["*", X, ["^", n(2), n("-1/2")]])]],
    "log1p": f("log", ["+", n(1), X]),
    "expm1": ["+", f("exp", X), n(-1)],
    "sigmoid": ["^", ["+", n(1), f("exp", neg(X))], n(-1)],
    "softplus": f("log", ["+", n(1), f("exp", X)]),
    "tanh": ["+", ["*", n(2), ["^", ["+", n(1), f("exp", ["*", n(-2), X])], n(-1)]], n(-1)],
    "sinh": ["*", n("1/2"), ["+", f("exp", X), neg(f("exp", neg(X)))]],
    "cosh": ["*", n("1/2"), ["+", f("exp", X), f("exp", neg(X))]],
    "silu": ["*", X, f("sigmoid", X)],
    "mish": ["*", X, f("tanh", f("softplus", X))],
    "gelu": ["*", X, f("Phi", X)],
}
SLOPES = {
    "sin": f("cos", X),
    "cos": neg(f("sin", X)),
    "atan": ["^", ["+", n(1), ["^", X, n(2)]], n(-1)],
    "erf": ["*", n(2), ["^", ["c", "pi"], n("-1/2")], f("exp", neg(["^", X, n(2)]))],
}
EVEN = {"sin": -1, "cos": 1, "atan": -1, "erf": -1}  # f(−x) = ± f(x)
KINKS = {  # by step, which is 1 at 0
    "abs": lambda x: ["*", x, ["+", ["*", n(2), ["step", x]], n(-1)]],
    "sign": lambda x: ["+", ["step", x], neg(["step", neg(x)])],
    "H": lambda x, at_0: ["+", ["step", x], ["*", gap(at_0, n(1)), ["+", ["step", x], ["step", neg(x)], n(-1)]]],
    "max": lambda *xs: reduce(larger, xs),
    "min": lambda *xs: neg(reduce(larger, map(neg, xs))),
    ">=": lambda a, b: ["step", gap(a, b)],
    "<=": lambda a, b: ["step", gap(b, a)],
    ">": lambda a, b: gap(n(1), ["step", gap(b, a)]),
    "<": lambda a, b: gap(n(1), ["step", gap(a, b)]),
    "and": lambda *cs: ["*", *cs],
    "or": lambda *cs: gap(n(1), ["*", *(gap(n(1), c) for c in cs)]),
    "not": lambda c: gap(n(1), c),
    "same": lambda i, j: ["d", i, j],
    "true": lambda: n(1),
}

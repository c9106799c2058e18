"""What must end within its limit with one of the four words, and a refusal in one line; built when asked for."""

from collections.abc import Callable
from itertools import pairwise

from sympy import (
    Abs,
    Add,
    Derivative,
    Determinant,
    EulerGamma,
    Function,
    I,
    Integral,
    Inverse,
    Limit,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Piecewise,
    Pow,
    Product,
    Rational,
    Subs,
    Sum,
    Symbol,
    Trace,
    binomial,
    ceiling,
    exp,
    factorial,
    floor,
    gamma,
    log,
    oo,
    sin,
    sqrt,
    tanh,
    zeta,
)

from claims.decide import Claim, claim
from claims.judging import dimension, equation, index, total
from claims.letters import A, D, c, d, f, i, k, m, n, theta, upto, w, x, y, z

matrix = MatrixSymbol("M", n, n)
s, e1, e2, e3, e4 = (Symbol(name) for name in ("s", "a1", "b1", "c1", "d1"))
kk = Symbol("kk", integer=True)
v1, v2, v3 = (index(name, 1000) for name in ("v1", "v2", "v3"))


def nested(function, argument, depth: int):
    for _ in range(depth):
        argument = function(argument)
    return argument


def _branches(depth: int):
    """Each in the branches of the next."""
    found = x[i]
    for number in range(depth):
        found = Piecewise((found**2, x[number] > c), (found - 1, True))
    return found


def _tanh(v):
    """As it stands: SymPy looks for a sign through all of it."""
    return tanh(v, evaluate=False)


def many(count: int) -> list:
    return [index(f"i{number}", n) for number in range(count)]


def symmetric_sum(count: int):
    """Σ over nine dummies of A_12 A_23 … A_91: each name for them is as good as the other."""
    around = many(count)
    product = 1
    for one, other in zip(around, around[1:] + around[:1], strict=True):
        product *= A[one, other] + A[other, one]
    return total(product, *around)


def all_pairs(count: int):
    dummies = many(count)
    product = 1
    for place, one in enumerate(dummies):
        for other in dummies[place + 1 :]:
            product *= A[one, other]
    return total(product, *dummies)


ENDINGS: dict[str, Callable[[], Claim]] = {
    "determinant": lambda: claim(Determinant(matrix), Determinant(matrix)),
    "log-determinant by an entry": lambda: claim(Derivative(log(Determinant(matrix)), matrix[0, 0]), 0),
    "log det is a constant": lambda: claim(Derivative(log(Determinant(matrix)) + x[i], x[i]), 1),
    "trace of a matrix symbol": lambda: claim(Trace(matrix), 0),
    "inverse of a matrix symbol": lambda: claim(Inverse(matrix)[0, 0], 1 / matrix[0, 0]),
    "integral": lambda: claim(Integral(s**2, (s, 0, 1)), Rational(1, 3)),
    "integral without ends": lambda: claim(Derivative(Integral(x[i] * s, s), x[i]), s**2 / 2),
    "I": lambda: claim(I * x[i], y[i]),
    "sum to oo": lambda: claim(Sum(x[kk], (kk, 1, oo)), 1),
    "sum from -oo": lambda: claim(Sum(x[kk], (kk, -oo, 0)), 1),
    "product to oo": lambda: claim(Product(x[kk], (kk, 1, oo)), 1),
    "EulerGamma": lambda: claim(EulerGamma * x[i], x[i] / 2),
    "a float in a derivative": lambda: claim(Derivative(0.1 * x[i] ** 2, x[i]), 0.2 * x[i]),
    "a user's erf": lambda: claim(Derivative(Function("erf")(x[i]), x[i]), exp(-(x[i] ** 2))),
    "a user's tanh": lambda: claim(Function("tanh")(x[i]), tanh(x[i])),
    "a user's exp": lambda: claim(Derivative(Function("exp")(x[i]), x[i]), Function("exp")(x[i])),
    "a user's log": lambda: claim(Function("log")(x[i] * y[i]), Function("log")(x[i]) + Function("log")(y[i])),
    "a user's step": lambda: claim(Function("step")(x[i]) ** 2, Function("step")(x[i])),
    "a user's sigmoid": lambda: claim(Function("sigmoid")(-x[i]), 1 - Function("sigmoid")(x[i])),
    "a user's Abs": lambda: claim(Function("Abs")(x[i]) ** 2, x[i] ** 2),
    "a user's f'": lambda: claim(Derivative(f(x[i]), x[i]), Function("f'")(2 * x[i])),
    "a user's sum": lambda: claim(Function("Sum")(x[i]), x[i]),
    "range 4..n": lambda: claim(total(x[upto("q4", n, 4)], upto("q4", n, 4)), total(x[k], k)),
    "range to n^2": lambda: claim(total(c, upto("qs", n**2)), n * c),
    "range to n/2": lambda: claim(Sum(c, (kk, 1, n / 2)), n * c / 2),
    "range to 2^n": lambda: claim(total(c, upto("qp", 2**n)), 2**n * c),
    "range to n!": lambda: claim(total(c, upto("qf", factorial(n))), factorial(n) * c),
    "range to n - m": lambda: claim(total(c, upto("qd", n - m)), (n - m) * c),
    "range to the minimum": lambda: claim(total(c, upto("qm", Min(n, m))), n * c),
    "range to floor(n/2)": lambda: claim(total(c, upto("qf2", floor(n / 2))), n * c / 2),
    "range from n to 1": lambda: claim(Sum(x[kk], (kk, n, 1)), x[1]),
    "range from -n": lambda: claim(Sum(x[kk], (kk, -n, n)), x[0]),
    "(a+b+c+d)^40": lambda: claim((e1 + e2 + e3 + e4) ** 40, e1**40),
    "(a+b+c+d)^40, twice": lambda: claim(
        (e1 + e2 + e3 + e4) ** 40, (e4 + e3 + e2 + e1) ** 20 * (e1 + e2 + e3 + e4) ** 20
    ),
    "a power of a sum, derived": lambda: claim(Derivative((e1 + e2 + e3 + e4) ** 40, e1), (e1 + e2 + e3) ** 39),
    "s^(10^8)": lambda: claim(s ** (10**8), s),
    "s^(10^8), derived": lambda: claim(Derivative(s ** (10**8), s), 10**8 * s ** (10**8 - 1)),
    "(1+s)^(10^8)": lambda: claim((1 + s) ** (10**8), 1),
    "2^(10^8) stays": lambda: claim(Pow(2, 10**8, evaluate=False) * s, s),
    "(2^(10^5)) is a number": lambda: claim(2 ** (10**5) * s, 2 ** (10**5) * s),
    "a root of order 10^6": lambda: claim((1 + s**2) ** Rational(1, 10**6), s),
    "a quotient of powers": lambda: claim(
        (e1**30 - e2**30) / (e1 - e2), sum(e1**p * e2 ** (29 - p) for p in range(30))
    ),
    "nested |.|": lambda: claim(nested(lambda v: Abs(v - 1), x[i], 14), Abs(x[i])),
    "nested |.|, twice": lambda: claim(
        nested(lambda v: Abs(v - y[i]), x[i], 12), nested(lambda v: Abs(v - y[i]), x[i], 11)
    ),
    "nested max": lambda: claim(nested(lambda v: Max(v - 1, 1 - v), x[i], 12), x[i]),
    "nested ReLU": lambda: claim(nested(lambda v: Max(w[i] * v + 1, 0), x[i], 10), x[i]),
    "nested branches": lambda: claim(_branches(12), x[i]),
    "max of fourteen": lambda: claim(Max(*(x[number] for number in range(14))), x[1]),
    "sum to 10^7": lambda: claim(Sum(kk, (kk, 1, 10**7)), 1),
    "sum of entries to 10^7": lambda: claim(Sum(x[kk], (kk, 1, 10**7)), x[1]),
    "product to 10^7": lambda: claim(Product(x[kk], (kk, 1, 10**7)), x[1]),
    "three sums to 1000": lambda: claim(total(A[v1, v2] * A[v2, v3], v1, v2, v3), 0),
    "entry 10^9": lambda: claim(x[10**9], x[1]),
    "nine symmetric dummies": lambda: claim(symmetric_sum(9), 0),
    "seven dummies, all pairs": lambda: claim(all_pairs(7), 0),
    "nine dummies, all pairs": lambda: claim(all_pairs(9), all_pairs(9) + 1),
    "nine sums multiplied": lambda: claim(total(x[k], k) ** 9, total(x[k] ** 9, k)),
    "a sum of five to the 12th": lambda: claim((total(x[k], k) + c + d[i] + y[i] + z[i]) ** 12, 0),
    "exp 400 deep": lambda: claim(nested(exp, x[i], 400), x[i]),
    "tanh 400 deep": lambda: claim(nested(_tanh, x[i], 400), x[i]),
    "tanh 60 deep, derived": lambda: claim(Derivative(nested(_tanh, x[i], 60), x[i]), 1),
    "sin 200 deep, derived": lambda: claim(Derivative(nested(sin, x[i], 200), x[i]), 1),
    "exp of exp of exp of 10": lambda: claim(exp(exp(exp(10 + x[i] ** 2))), x[i]),
    "exp 10^10": lambda: claim(exp(10**10 * x[i]), x[i]),
    "a fraction 60 deep": lambda: claim(nested(lambda v: 1 / (1 + v), x[i] ** 2, 60), x[i]),
    "a root 100 deep": lambda: claim(nested(lambda v: sqrt(1 + v), x[i] ** 2, 100), x[i]),
    "an unknown 200 deep": lambda: claim(nested(f, x[i], 200), f(x[i])),
    "2000 terms": lambda: claim(Add(*(Symbol(f"t{p}") for p in range(2000))), 0),
    "2000 different entries": lambda: claim(Add(*(x[p] * y[p + 1] for p in range(2000))), 0),
    "40 factors of two": lambda: claim(_factors(40), 0),
    "the fifth derivative of a softmax": lambda: claim(
        Derivative(exp(z[i]) / total(exp(z[k]), k), *(z[q] for q in many(5))), 0
    ),
    "the eighth derivative": lambda: claim(Derivative(1 / (1 + exp(theta) + theta**2), (theta, 8)), 0),
    "twenty definitions that double": lambda: claim(Symbol("h20"), 1, *_doubling(20)),
    "sixty definitions that double": lambda: claim(Symbol("h60"), 1, *_doubling(60)),
    "a circle of definitions": lambda: claim(x[i], 1, equation(x[i], y[i] + 1), equation(y[i], x[i] - 1)),
    "twelve sizes": lambda: claim(total(c, *(index(f"o{p}", dimension(f"n{p}")) for p in range(12))), c),
    "ten free indices": lambda: claim(
        sum(D(one, other) for one, other in zip(many(10), many(10)[1:], strict=False)), 1
    ),
    "floor": lambda: claim(floor(x[i]), x[i]),
    "ceiling": lambda: claim(ceiling(x[i]), x[i]),
    "Mod": lambda: claim(Mod(k, 2), 1),
    "factorial": lambda: claim(factorial(n), n),
    "binomial": lambda: claim(binomial(n, 2), n),
    "gamma": lambda: claim(gamma(x[i]), x[i]),
    "zeta": lambda: claim(zeta(x[i]), 1),
    "Subs": lambda: claim(Subs(x[i] ** 2, x[i], y[i]), y[i] ** 2),
    "Limit": lambda: claim(Limit(1 / s, s, oo), 0),
    "a tuple for a hypothesis": lambda: Claim(x[i], y[i], ((x[i], y[i]),)),  # pyright: ignore
    "a string for a side": lambda: Claim("x", y[i]),  # pyright: ignore
    "None for a side": lambda: Claim(None, y[i]),  # pyright: ignore
    "a relation for a side": lambda: Claim(x[i] > 0, y[i]),  # pyright: ignore
    "a matrix for a side": lambda: Claim(matrix, y[i]),  # pyright: ignore
    "True for a side": lambda: Claim(True, y[i]),  # pyright: ignore
    "a whole array for a side": lambda: Claim(x, y),  # pyright: ignore
}


def _factors(count: int):
    result = 1
    for p in range(count):
        result *= Symbol(f"p{p}") + Symbol(f"q{p}")
    return result


def _doubling(count: int) -> list:
    """h1 = h0 + h0², h2 = h1 + h1², …"""
    names = [Symbol(f"h{p}") for p in range(count + 1)]
    return [equation(after, before + before**2) for before, after in pairwise(names)]

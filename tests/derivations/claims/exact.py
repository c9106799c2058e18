"""The value of a formula at a point, by `docs/semantics.md`: sums are added up, derivatives are dual numbers.

A point tells the sizes, the entries of arrays, and the polynomials that stand for unknown functions. Nothing is
simplified: each node of the tree is what it says.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from itertools import count, permutations
from itertools import product as cartesian
from typing import Any

from sympy import Basic, Eq, Idx, Indexed, Symbol
from sympy.core.function import AppliedUndef

from claims import numbers
from claims.binders import limits_of
from claims.numbers import Dual, OutOfReach, Refused, Undefined, add, multiply, reciprocal, subtract

ZERO, ONE = Fraction(0), Fraction(1)
_tags = count(1)  # 0 is that of a point that solves an equation


@cache
def _names(e: Basic) -> tuple:
    return tuple(e.atoms(Symbol, Idx))


class Evaluation:
    """Values at one point. `moved` are the derivatives around a formula: (tag, name, the entry that it moves).

    Without `defined` every entry is taken as the point has it, and no hypothesis is asked for it.
    """

    def __init__(self, point, defined: bool = True):
        self.point, self.defined = point, defined
        self.memory: dict = {}
        self.asked: set = set()

    def __call__(self, e: Basic, env: Mapping = {}, moved: tuple = ()) -> Any:
        key = (e, tuple(env.get(k) for k in _names(e)) if env else (), moved)
        if key not in self.memory:
            self.memory[key] = self._value(e, env, moved)
        return self.memory[key]

    def whole(self, e: Basic, env: Mapping, moved: tuple = ()) -> int:
        """The value of an index, or of an end of a range."""
        if e in env:
            return env[e]
        if e.is_Integer:
            return int(e)
        if not e.is_integer:
            raise Refused(f"{e} need not be a whole number")
        value = self(e, env, moved)
        if not isinstance(value, Fraction) or value.denominator != 1:
            raise Undefined(f"{e} is not a whole number here")
        return int(value)

    def assignments(self, limits, env: Mapping, moved: tuple = ()) -> Iterator[dict]:
        """Every value of the dummies, the last limit outermost; none where a range is empty."""
        if not limits:
            yield dict(env)
            return
        *inner, (k, lower, upper) = limits
        low, high = self.whole(lower, env, moved), self.whole(upper, env, moved)
        if high - low > 10**4:
            raise OutOfReach("a range out of reach")
        for v in range(low, high + 1):
            yield from self.assignments(inner, {**env, k: v}, moved)

    def _value(self, e, env, moved) -> Any:
        if e.is_Rational:
            return Fraction(int(e.p), int(e.q))
        if e.is_NumberSymbol:
            return numbers.REAL.mpf(str(e.evalf(120)))
        if isinstance(e, AppliedUndef):
            return self._unknown(e, env, moved)
        rule = RULES.get(type(e).__name__)
        if rule is not None:
            return rule(self, e, env, moved)
        if isinstance(e, Symbol):
            return self._symbol(e, env, moved)
        if e.is_Function and len(e.args) == 1:
            return numbers.function(type(e).__name__, self(e.args[0], env, moved))
        raise Refused(f"{type(e).__name__} {e}")

    # names

    def _symbol(self, e, env, moved):
        if e in env:
            return Fraction(env[e])
        if isinstance(e, Idx):
            raise Refused(f"the index {e} has no value")
        if e in self.point.sizes:
            return Fraction(self.point.sizes[e])
        return self.entry(e, (), moved)

    def _indexed(self, e, env, moved):
        return self.entry(e.base.label, tuple(self.whole(i, env, moved) for i in e.indices), moved)

    def entry(self, name, where: tuple[int, ...], moved: tuple) -> Any:
        """The entry of an array, or a scalar: moved by a derivative, defined, or as the point has it."""
        for position in reversed(range(len(moved))):
            tag, other, there = moved[position]
            if other == name and len(there) == len(where):
                value = self.entry(name, where, moved[:position])
                return Dual(tag, value, ONE) if there == where else value
        key = (name, where, moved)
        if key in self.memory:
            return self.memory[key]
        if (
            not self.defined or key in self.asked
        ):  # a hypothesis such as A_ij = A_ji leads back here: this entry is free
            return self.point.value(name, where)
        if moved:
            self.entry(name, where, ())  # so that the free ones are the same inside a derivative as outside
        self.asked.add(key)
        try:
            self.memory[key] = self._defined(name, where, moved)
        finally:
            self.asked.discard(key)
        return self.memory[key]

    def _defined(self, name, where: tuple[int, ...], moved: tuple) -> Any:
        for right, env in self.point.definitions(self, name, where):
            value = self(right, env, moved)
            if not moved:
                self.point.values[name, where] = value
            return value
        return self.point.value(name, where)

    # arithmetic

    def _add(self, e, env, moved):
        result = ZERO
        for a in e.args:
            result = add(result, self(a, env, moved))
        return result

    def _mul(self, e, env, moved):
        result = ONE
        for a in e.args:
            result = multiply(result, self(a, env, moved))
        return result

    def _pow(self, e, env, moved):
        base, exponent = self(e.base, env, moved), self(e.exp, env, moved)
        if e.exp.is_integer and isinstance(exponent, Fraction) and exponent.denominator == 1:
            return numbers.whole_power(base, int(exponent))
        return numbers.power(base, exponent)

    def _exp(self, e, env, moved):
        return numbers.function("exp", self(e.args[0], env, moved))

    def _log(self, e, env, moved):
        if len(e.args) != 1:
            raise Refused("a logarithm to a base")
        return numbers.function("log", self(e.args[0], env, moved))

    def _sum(self, e, env, moved):
        result = ZERO
        for inner in self.assignments(e.limits, env, moved):
            result = add(result, self(e.function, inner, moved))
        return result

    def _product(self, e, env, moved):
        result = ONE
        for inner in self.assignments(e.limits, env, moved):
            result = multiply(result, self(e.function, inner, moved))
        return result

    # cases

    def _delta(self, e, env, moved):
        a, b = (self(x, env, moved) for x in e.args[:2])
        return Fraction(int(numbers.sign(subtract(a, b)) == 0))

    def _sign_of(self, e, env, moved) -> int:
        return numbers.sign(self(e, env, moved))

    def _step(self, e, env, moved):
        return Fraction(int(self._sign_of(e.args[0], env, moved) >= 0))

    def _heaviside(self, e, env, moved):
        s = self._sign_of(e.args[0], env, moved)
        return self(e.args[1], env, moved) if s == 0 else Fraction((s + 1) // 2)

    def _sign(self, e, env, moved):
        return Fraction(self._sign_of(e.args[0], env, moved))

    def _abs(self, e, env, moved):
        return multiply(Fraction(self._sign_of(e.args[0], env, moved)), self(e.args[0], env, moved))

    def _greatest(self, values, wanted: int = 1) -> Any:
        values = list(values)
        if not values:
            raise Undefined("the maximum over nothing")
        best = values[0]
        for other in values[1:]:
            if numbers.sign(subtract(other, best)) == wanted:
                best = other
        return best

    def _max(self, e, env, moved):
        return self._greatest(self(a, env, moved) for a in e.args)

    def _min(self, e, env, moved):
        return self._greatest((self(a, env, moved) for a in e.args), -1)

    def _maximum(self, e, env, moved):
        body, among, _ = e.args
        return self._greatest(
            self(body, inner, moved)
            for inner in self.assignments(limits_of(e), env, moved)
            if numbers.sign(self(among, inner, moved))
        )

    def _piecewise(self, e, env, moved):
        for value, condition in e.args:
            if self.holds(condition, env, moved):
                return self(value, env, moved)
        raise Undefined("no case applies")

    def holds(self, condition, env: Mapping = {}, moved: tuple = ()) -> bool:
        if condition in (True, False):
            return bool(condition)
        name = type(condition).__name__
        if name in ("And", "Or"):
            return (all if name == "And" else any)(self.holds(a, env, moved) for a in condition.args)
        if name == "Not":
            return not self.holds(condition.args[0], env, moved)
        if name not in RELATIONS:
            raise Refused(f"{condition} is no comparison")
        left, right = (self(a, env, moved) for a in condition.args)
        return RELATIONS[name](numbers.sign(subtract(left, right)))

    # derivatives

    def _derivative(self, e, env, moved):
        variables = [v for v, times in e.variable_count for _ in range(self.whole(times, env, moved))]
        return self._moved(e.expr, variables, env, moved)

    def _moved(self, e, variables: list, env, moved):
        """The derivative by all of them, the last one outermost."""
        if not variables:
            return self(e, env, moved)
        *earlier, variable = variables
        if isinstance(variable, Indexed):
            name, where = variable.base.label, tuple(self.whole(i, env, moved) for i in variable.indices)
        elif isinstance(variable, Symbol) and variable not in env and variable not in self.point.sizes:
            name, where = variable, ()
        else:
            raise Refused(f"a derivative by {variable}")
        if not earlier and name not in e.free_symbols and not any(isinstance(h, Eq) for h in self.point.given):
            self(e, env, ())  # where it has a value, it is not moved, at a kink either
            return ZERO
        tag = next(_tags)
        inner = (*moved, (tag, name, where))
        return _coefficient(self._moved(e, earlier, env, inner), tag)

    # unknown functions

    def _unknown(self, e, env, moved):
        """f(x, …) as a polynomial of degree 3, or of 2 in each of several; f′2 is the slope by the second argument."""
        name, *primes = e.func.__name__.split("'")
        slots = [int(p or 1) - 1 for p in primes]
        return self._polynomial(name, (), [self(a, env, moved) for a in e.args], slots)

    def _polynomial(self, name, where, arguments: list, slots: list[int]):
        if slots:
            tag = next(_tags)
            slot = slots[-1]
            arguments = [Dual(tag, a, ONE) if p == slot else a for p, a in enumerate(arguments)]
            # the tag is newer than any in the arguments, so it is the outermost level of the result
            return _coefficient(self._polynomial(name, where, arguments, slots[:-1]), tag)
        degree = 3 if len(arguments) == 1 else 2
        result = ZERO
        for exponents in cartesian(range(degree + 1), repeat=len(arguments)):
            term = self.point.coefficient(name, where, exponents)
            for x, p in zip(arguments, exponents, strict=True):
                term = multiply(term, numbers.whole_power(x, p)) if p else term
            result = add(result, term)
        return result

    def _field(self, e, env, moved):
        """F_j of a number: as f. F_j of an array: c + Σ a v + (Σ b v)² + (Σ d v)³ + Σ e v²; F′_jm is ∂F_j/∂v_m."""
        name, *primes = str(e.args[0]).split("'")
        where = tuple(self.whole(i, env, moved) for i in e.args[1])
        limits = limits_of(e)
        if not limits:
            return self._polynomial(name, where, [self(e.args[2], env, moved)], [0] * len(primes))
        vector = {
            tuple(inner[k] for k, _, _ in limits): self(e.args[2], inner, moved)
            for inner in self.assignments(limits, env, moved)
        }
        own = len(where) - len(limits) * len(primes)
        places = [where[p : p + len(limits)] for p in range(own, len(where), len(limits))]
        return self._array_function((name, len(vector)), where[:own], vector, places)

    def _array_function(self, name, where, vector: dict, places: list):
        if places:
            if places[-1] not in vector:
                raise Undefined("a slope by what is no argument")
            tag = next(_tags)
            moved = {k: Dual(tag, v, ONE) if k == places[-1] else v for k, v in vector.items()}
            return _coefficient(self._array_function(name, where, moved, places[:-1]), tag)
        sums = dict.fromkeys(("a", "b", "d", "e"), ZERO)
        for k, v in vector.items():
            for power in sums:
                x = multiply(v, v) if power == "e" else v
                sums[power] = add(sums[power], multiply(self.point.coefficient(name, where, (power, k)), x))
        result = add(self.point.coefficient(name, where, ("c",)), add(sums["a"], sums["e"]))
        result = add(result, numbers.whole_power(sums["b"], 2))
        return add(result, numbers.whole_power(sums["d"], 3))

    # matrices

    def _matrix(self, body, e, env, moved) -> list[list]:
        (k, *ends), (l, *_) = limits_of(e)
        first, last = (self.whole(end, env, moved) for end in ends)
        span = range(first, last + 1)
        return [[self(body, {**env, k: r, l: c}, moved) for c in span] for r in span]

    def _determinant(self, e, env, moved):
        if not limits_of(e):
            raise Refused("a determinant of a matrix without entries")
        return _det(self._matrix(e.args[0], e, env, moved))

    def _inverse(self, e, env, moved):
        """The cofactor over the determinant."""
        if not limits_of(e):
            raise Refused("an inverse of a matrix without entries")
        matrix = self._matrix(e.args[1], e, env, moved)
        first = self.whole(limits_of(e)[0][1], env, moved)
        r, c = (self.whole(i, env, moved) - first for i in e.args[0])
        if not (0 <= r < len(matrix) and 0 <= c < len(matrix)):
            raise Undefined("an entry outside the matrix")
        rest = [[v for p, v in enumerate(row) if p != r] for q, row in enumerate(matrix) if q != c]
        return multiply(multiply(Fraction((-1) ** (r + c)), _det(rest)), reciprocal(_det(matrix)))


def _det(matrix: list[list]):
    """Σ over the permutations of the columns."""
    result, size = ZERO, range(len(matrix))
    for columns in permutations(size):
        odd = sum(columns[p] > columns[q] for q in size for p in range(q)) % 2
        term = Fraction(-1 if odd else 1)
        for row, c in zip(matrix, columns, strict=True):
            term = multiply(term, row[c])
        result = add(result, term)
    return result


def _coefficient(value, tag: int):
    """What stands beside the ε of this derivative."""
    return value.b if isinstance(value, Dual) and value.tag == tag else ZERO


RELATIONS = {
    "Equality": lambda s: s == 0,
    "Unequality": lambda s: s != 0,
    "StrictGreaterThan": lambda s: s > 0,
    "GreaterThan": lambda s: s >= 0,
    "StrictLessThan": lambda s: s < 0,
    "LessThan": lambda s: s <= 0,
}

RULES = {
    "Idx": Evaluation._symbol,
    "Symbol": Evaluation._symbol,
    "Indexed": Evaluation._indexed,
    "Add": Evaluation._add,
    "Mul": Evaluation._mul,
    "Pow": Evaluation._pow,
    "exp": Evaluation._exp,
    "log": Evaluation._log,
    "Sum": Evaluation._sum,
    "Product": Evaluation._product,
    "KroneckerDelta": Evaluation._delta,
    "step": Evaluation._step,
    "Heaviside": Evaluation._heaviside,
    "sign": Evaluation._sign,
    "Abs": Evaluation._abs,
    "Max": Evaluation._max,
    "Min": Evaluation._min,
    "Maximum": Evaluation._maximum,
    "Piecewise": Evaluation._piecewise,
    "Derivative": Evaluation._derivative,
    "FieldValue": Evaluation._field,
    "Determinant": Evaluation._determinant,
    "Inverse": Evaluation._inverse,
}

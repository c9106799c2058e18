"""Values that satisfy the equations about an entry by construction: 0 or 1, ±1, a row with a given sum, unit vectors,
orthogonal matrices, inverse pairs, symmetric matrices; and of any other equation that is linear in the entry, its root.

Each construction either sets the entry, and those that go with it, or leaves everything as it was.
"""

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from math import isqrt
from typing import Any

from sympy import Expr, Idx, Indexed, KroneckerDelta, Mul, Pow, Sum

from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.language.renaming import free_indices
from derivations.engine.numbers.arithmetic import Exact, Inadmissible
from derivations.engine.numbers.evaluate import Evaluation

Place = tuple[int, ...]


class Construction:
    """The equations, at one point, about one entry."""

    def __init__(self, hypotheses: Hypotheses, name: str, where: Place, point: Any):
        self.hypotheses, self.name, self.where, self.point = hypotheses, name, where, point
        self.exact = Evaluation(Exact(), point.sizes, point.value, point.coefficient)

    def value(self) -> Fraction | None:
        """A value of the entry; others may have been set beside it."""
        for construct in CONSTRUCTIONS:
            for left, right in self.hypotheses.equations:
                with suppress(Inadmissible, ZeroDivisionError):
                    construct(self, left, right)
                if (self.name, self.where) in self.point.values:
                    return self.point.values[self.name, self.where]
        return None

    def about(self, element: Any) -> dict[Idx, int] | None:
        return self.hypotheses.about(element, self.name, self.where, self.point)

    def place(self, element: Any, env: dict) -> Place:
        return tuple(self.exact.index(i, env) for i in element.indices)

    def set(self, values: dict[tuple[str, Place], Fraction]) -> None:
        for key, value in values.items():
            self.point.values.setdefault(key, value)

    def mirror(self, left: Expr, right: Expr) -> None:
        """A_ij = ±A_ji: one is drawn, and gives the other."""
        sign, other = right.as_coeff_Mul()
        env = self.about(left)
        if env is None or not isinstance(other, Indexed) or other.base != left.base or abs(sign) != 1:  # type: ignore[attr-defined]
            return
        if set(other.indices) != set(left.indices):  # type: ignore[attr-defined]
            return
        there, drawn = self.place(other, env), self.point.draw(self.name, self.where)
        if there == self.where and sign == -1:
            drawn = Fraction(0)
        known = self.point.values.get((self.name, there))
        drawn = drawn if known is None else int(sign) * known
        self.set({(self.name, self.where): drawn, (self.name, there): int(sign) * drawn})

    def given(self, left: Expr, right: Expr) -> None:
        """x_i = value, also h_t = f(h_{t−1})."""
        env = self.about(left)
        if env is not None:
            self.set({(self.name, self.where): self.exact(right, env)})

    def two_valued(self, left: Expr, right: Expr) -> None:
        """x² = x is 0 or 1, x² = c is ±√c."""
        if not (isinstance(left, Pow) and left.exp == 2):
            return
        env = self.about(left.base)
        if env is None:
            return
        if left.base == right:
            self.set({(self.name, self.where): Fraction(self.point.rng.randint(0, 1))})
            return
        root = square_root(self.exact(right, env))
        if root is not None:
            self.set({(self.name, self.where): self.point.rng.choice((-1, 1)) * root})

    def row(self, left: Expr, right: Expr) -> None:
        """Σ_k x_k = s: drawn, and scaled or shifted; one of them 1 where they are 0 or 1."""
        if not (isinstance(left, Sum) and len(left.limits) == 1):
            return
        k, env = left.limits[0][0], self.about(left.function)
        if env is None or k not in env:
            return
        wanted = self.exact(right, {i: w for i, w in env.items() if i != k})
        places = [self.place(left.function, {**env, k: v}) for v in self.point.range_of(k)]
        binary = any(
            isinstance(a, Pow) and a.base == b and self.about(b) is not None for a, b in self.hypotheses.equations
        )
        if binary:
            chosen = self.point.rng.randrange(len(places))
            row = [Fraction(int(p == chosen)) for p in range(len(places))]
        else:
            row = [self.point.draw(self.name, place) for place in places]
            scaled = wanted and sum(row)
            row = [r * wanted / sum(row) if scaled else r + (wanted - sum(row)) / len(row) for r in row]
        self.set({(self.name, place): r for place, r in zip(places, row, strict=True)})

    def unit(self, left: Expr, right: Expr) -> None:
        """Σ_k u_k² = c: a rational point of the sphere, u = √c (2 t, t² − 1) / (t² + 1)."""
        square = left.function if isinstance(left, Sum) and len(left.limits) == 1 else None  # type: ignore[attr-defined]
        if not (isinstance(square, Pow) and square.exp == 2):
            return
        k, env = left.limits[0][0], self.about(square.base)  # type: ignore[attr-defined]
        if env is None or k not in env:
            return
        radius = square_root(self.exact(right, {i: w for i, w in env.items() if i != k}))
        if radius is None:
            return
        places = [self.place(square.base, {**env, k: v}) for v in self.point.range_of(k)]
        draws = [self.point.draw(self.name, place) for place in places[1:]]
        norm = sum((t * t for t in draws), Fraction(0))
        row = [(norm - 1) / (norm + 1), *(2 * t / (norm + 1) for t in draws)]
        self.point.rng.shuffle(row)
        self.set({(self.name, place): radius * u for place, u in zip(places, row, strict=True)})

    def orthogonal(self, left: Expr, right: Expr) -> None:
        """Σ_k Q_ki Q_kj = δ_ij: a product of two reflections 1 − 2 v vᵀ/vᵀv, of which columns may be left out."""
        pair = self.pair(left, right)
        if pair is None or pair[0].base != pair[1].base:
            return
        q, _, k, i, _ = pair
        if str(q.base.label) != self.name or len(self.point.range_of(k)) < len(self.point.range_of(i)):
            return
        size = len(self.point.range_of(k))
        matrix = multiplied(*(self.reflection(size) for _ in range(2)))
        self.fill(q, k, i, matrix)

    def inverse(self, left: Expr, right: Expr) -> None:
        """Σ_k A_ik B_kj = δ_ij: A is drawn, and B is its inverse."""
        pair = self.pair(left, right)
        if pair is None or self.name not in {str(p.base.label) for p in pair[:2]} or pair[0].base == pair[1].base:
            return
        a, b, k, i, j = pair
        size = len(self.point.range_of(k))
        for _ in range(20):
            matrix = [[self.point.draw(str(a.base.label), (r, c)) for c in range(size)] for r in range(size)]
            inverse = inverted(matrix)
            if inverse is not None and len(self.point.range_of(i)) == size:
                self.fill(a, i, k, matrix)
                self.fill(b, k, j, inverse)
                return

    def pair(self, left: Expr, right: Expr) -> tuple[Indexed, Indexed, Idx, Idx, Idx] | None:
        """a, b, k, i, j of Σ_k a b = δ_ij with i in a and j in b."""
        if not (isinstance(left, Sum) and len(left.limits) == 1 and isinstance(right, KroneckerDelta)):
            return None
        k, factors = left.limits[0][0], Mul.make_args(left.function)
        if len(factors) != 2 or not all(isinstance(f, Indexed) and len(f.indices) == 2 for f in factors):
            return None
        a, b = factors
        others = [next((x for x in f.indices if x != k), None) for f in (a, b)]
        if set(others) != set(right.args[:2]) or any(k not in f.indices for f in (a, b)):
            return None
        return a, b, k, others[0], others[1]

    def fill(self, element: Indexed, row: Idx, column: Idx, matrix: list[list[Fraction]]) -> None:
        rows, columns = self.point.range_of(row), self.point.range_of(column)
        for r, line in zip(rows, matrix, strict=False):
            for c, value in zip(columns, line, strict=False):
                self.point.values[str(element.base.label), self.place(element, {row: r, column: c})] = value

    def reflection(self, size: int) -> list[list[Fraction]]:
        v = [Fraction(self.point.rng.randint(1, 4) * self.point.rng.choice((-1, 1))) for _ in range(size)]
        norm = sum(x * x for x in v)
        return [[Fraction(int(r == c)) - 2 * v[r] * v[c] / norm for c in range(size)] for r in range(size)]

    def root(self, left: Expr, right: Expr) -> None:
        """The root of an equation that is linear in this entry, the others of its array drawn.

        What gives one entry by others, x_i = …, says nothing of the others.
        """
        if isinstance(left, Indexed):
            return
        for element in sorted((left - right).atoms(Indexed), key=str):
            env = self.about(element)
            if env is None or not free_indices(left - right) <= env.keys():
                continue
            drawn: dict[tuple[str, Place], Fraction] = {}

            def lookup(name: str, where: Place, drawn=drawn) -> Fraction:
                if name != self.name or (name, where) in self.point.values:
                    return self.point.value(name, where)
                return drawn.setdefault((name, where), self.point.draw(name, where))

            def gap(value: int, env=env, drawn=drawn, lookup=lookup) -> Fraction:
                drawn[self.name, self.where] = Fraction(value)
                return Evaluation(Exact(), self.point.sizes, lookup, self.point.coefficient)(left - right, env)

            zero, one, two = (gap(value) for value in range(3))
            if one != zero and two - one == one - zero:
                self.set(drawn | {(self.name, self.where): zero / (zero - one)})
                return


Construct = Callable[[Construction, Any, Any], None]
CONSTRUCTIONS: tuple[Construct, ...] = (
    Construction.mirror,
    Construction.given,
    Construction.row,
    Construction.two_valued,
    Construction.unit,
    Construction.orthogonal,
    Construction.inverse,
    Construction.root,
)


def square_root(c: Fraction) -> Fraction | None:
    """√c where it is rational."""
    if c < 0:
        return None
    root = Fraction(isqrt(c.numerator), isqrt(c.denominator))
    return root if root * root == c else None


def multiplied(a: list[list[Fraction]], b: list[list[Fraction]]) -> list[list[Fraction]]:
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0)) for column in zip(*b, strict=True)]
        for row in a
    ]


def inverted(a: list[list[Fraction]]) -> list[list[Fraction]] | None:
    """The inverse by elimination, or None of a singular matrix."""
    size = len(a)
    rows = [[*row, *(Fraction(int(r == c)) for c in range(size))] for r, row in enumerate(a)]
    for column in range(size):
        pivot = next((r for r in range(column, size) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [x / rows[column][column] for x in rows[column]]
        for r in range(size):
            if r != column:
                rows[r] = [x - rows[r][column] * y for x, y in zip(rows[r], rows[column], strict=True)]
    return [row[size:] for row in rows]

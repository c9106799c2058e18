"""Arrays that no repair would find: built as a whole for a point, exactly."""

from collections.abc import Mapping
from fractions import Fraction
from random import Random

Entries = dict[tuple[int, ...], Fraction]


def _random(rng: Random) -> Fraction:
    return Fraction(rng.randint(-5, 5), rng.choice((1, 2, 3)))


def _entries(rows: list[list[Fraction]]) -> Entries:
    return {(r + 1, c + 1): value for r, row in enumerate(rows) for c, value in enumerate(row)}


def _identity(n: int) -> list[list[Fraction]]:
    return [[Fraction(int(r == c)) for c in range(n)] for r in range(n)]


def _times(a, b) -> list[list[Fraction]]:
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0)) for column in zip(*b, strict=True)]
        for row in a
    ]


def inverted(matrix: list[list[Fraction]]) -> list[list[Fraction]] | None:
    """The inverse by elimination, None for a singular matrix."""
    n = len(matrix)
    rows = [list(row) + unit for row, unit in zip(matrix, _identity(n), strict=True)]
    for c in range(n):
        pivot = next((r for r in range(c, n) if rows[r][c]), None)
        if pivot is None:
            return None
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [x / rows[c][c] for x in rows[c]]
        for r in range(n):
            if r != c:
                rows[r] = [x - rows[r][c] * y for x, y in zip(rows[r], rows[c], strict=True)]
    return [row[n:] for row in rows]


def orthogonal(rng: Random, sizes: Mapping[str, int]) -> Entries:
    """(1 − S)(1 + S)⁻¹ with S antisymmetric, a row of it with the other sign now and then."""
    n = sizes["n"]
    skew = [[Fraction(0)] * n for _ in range(n)]
    for r in range(n):
        for c in range(r):
            skew[r][c] = _random(rng)
            skew[c][r] = -skew[r][c]
    one = _identity(n)
    plus = inverted([[x + y for x, y in zip(*rows, strict=True)] for rows in zip(one, skew, strict=True)])
    minus = [[x - y for x, y in zip(*rows, strict=True)] for rows in zip(one, skew, strict=True)]
    rows = _times(minus, plus)
    if rng.random() < 0.5:
        rows[0] = [-x for x in rows[0]]
    return _entries(rows)


def unit_vector(rng: Random, sizes: Mapping[str, int]) -> Entries:
    """A row of an orthogonal matrix."""
    matrix = orthogonal(rng, sizes)
    return {(c,): value for (r, c), value in matrix.items() if r == 1}


class Inverse:
    """A matrix and its inverse, drawn together: `first` and `second` build the two."""

    def __init__(self):
        self.last: list[list[Fraction]] = []

    def first(self, rng: Random, sizes: Mapping[str, int]) -> Entries:
        n = sizes["n"]
        while True:
            matrix = [[_random(rng) for _ in range(n)] for _ in range(n)]
            inverse = inverted(matrix)
            if inverse is not None:
                self.last = inverse
                return _entries(matrix)

    def second(self, rng: Random, sizes: Mapping[str, int]) -> Entries:
        return _entries(self.last)

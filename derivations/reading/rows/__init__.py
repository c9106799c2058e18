"""One row an operation: what JAX's primitives are as formulas.

A row takes the reading, the equation's parameters and its input arrays, and returns the output array, or a list.
"""

from derivations.reading.rows import (  # noqa: F401
    chance,
    choice,
    elementwise,
    inverse,
    layout,
    order,
    places,
    sums,
    windows,
)
from derivations.reading.rows.special import SPECIAL
from derivations.reading.rows.table import ROWS, row

__all__ = ["ROWS", "SPECIAL", "row"]

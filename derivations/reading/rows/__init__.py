"""One row an operation: what JAX's primitives are as formulas.

A row takes the reading, the equation's parameters and its input arrays, and returns the output array, or a list.
"""

from derivations.reading.rows import choice, elementwise, inverse, layout, order, places, sums, windows  # noqa: F401
from derivations.reading.rows.table import ROWS, row

__all__ = ["ROWS", "row"]

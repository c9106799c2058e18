"""The common case of a large problem: every claimed cotangent surely right, found in one compiled program a point.

What passes here would pass `Judge.judge`, whose tolerance is never tighter; what does not goes to it.
"""

from collections.abc import Sequence

import jax
import numpy as np

from functional_bp.checking.problem import Point
from functional_bp.checking.programs import SMALL, Arrays, Programs, double_precision, own_precision


class Screen:
    """Runs on the device from its making on; `claimed()` waits for it."""

    def __init__(self, programs: Programs, points: Sequence[Point]) -> None:
        self.results: list[tuple[list[jax.Array], jax.Array]] = []
        if programs.size > SMALL and programs.precise and not programs.refusal:
            try:
                self.results = [screen(programs, point) for point in points]
            except Exception:  # what can't be compiled is judged in the ordinary way
                self.results = []

    def claimed(self) -> Arrays | None:
        """The claimed cotangents at the first point if all are right at all points, else None: not known here."""
        if not self.results or not all(float(worst) <= 1 for _, worst in self.results):
            return None
        return [np.asarray(a)[None] for a in self.results[0][0]]


def screen(programs: Programs, point: Point) -> tuple[list[jax.Array], jax.Array]:
    """The claimed cotangents, and their largest |claimed − true| over the tolerance; both still on the device."""
    arrays = (list(point.floats), list(point.indices), list(point.y_bar))
    with own_precision():
        y, own, claimed = programs.both.jitted(*arrays)
    with double_precision():
        return claimed, programs.screen(*arrays, y, own, claimed)

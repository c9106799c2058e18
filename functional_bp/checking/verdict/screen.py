"""The common case of a large problem, decided on the device: the claim agrees with JAX's own cotangents.

Both in the inputs' dtype, to 15/16 of what the tolerance grants for a few roundings. The tolerance also grants eight
times the distance of JAX's own from the truth: by the triangle inequality such a claim is within it, wherever the
truth lies, and it need not be computed in float64. What differs by more goes to `Judge.judge`.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.limits import SMALL
from functional_bp.checking.program.compiled import Arrays, Programs, own_precision
from functional_bp.checking.question.problem import Point
from functional_bp.checking.truth.tolerance import ABSOLUTE, RELATIVE, roundoff


class Screen:
    """Runs on the device from its making on; `claimed()` waits for it."""

    def __init__(self, programs: Programs, points: Sequence[Point]) -> None:
        self.results: list[tuple[list[jax.Array], jax.Array]] = []
        if programs.size > SMALL and not programs.refusal:
            try:
                self.results = [screen(programs, point) for point in points]
            except Exception:  # what can't be compiled is judged in the ordinary way
                self.results = []

    def claimed(self) -> Arrays | None:
        """The claimed cotangents at the first point if all are right at all points, else None: not known here."""
        if not self.results or not all(right for _, right in self.results):
            return None
        return [np.asarray(a)[None] for a in self.results[0][0]]


def screen(programs: Programs, point: Point) -> tuple[list[jax.Array], jax.Array]:
    """The claimed cotangents, and whether they agree with JAX's own; both still on the device."""
    with own_precision():
        y, own, claimed = programs.both.jitted(list(point.floats), list(point.indices), list(point.y_bar))
        return claimed, agree(y, own, claimed)


@jax.jit
def agree(y: list, own: list, claimed: list) -> jax.Array:
    """|claimed − own| ≤ 15/16 ε (16 |own| + 4 max|own|) at all elements, and everything finite."""
    right = [jnp.all(jnp.isfinite(a)) for a in (*y, *own)]
    for o, c in zip(own, claimed, strict=True):
        wide = jnp.promote_types(o.dtype, "float32")
        o, c, eps = o.astype(wide), c.astype(wide), roundoff([o.dtype])
        allowed = 15 / 16 * eps * (RELATIVE * jnp.abs(o) + ABSOLUTE * jnp.abs(o).max())
        right.append(jnp.all(jnp.abs(c - o) <= allowed))
    return jnp.stack(right).all()

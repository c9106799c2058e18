"""What people write on purpose where a derivative is due: straight-through, a surrogate, a reversal, clipping."""

import numpy as np

from functional_bp.checking.causes.evidence import Evidence
from functional_bp.checking.causes.symptoms import cotangent_use
from functional_bp.checking.kinds import Kind
from functional_bp.checking.report import Cause

MEANT = "if that is meant, say intended= or surrogate="


def estimator(e: Evidence) -> list[Cause]:
    """What people write on purpose: ȳ itself, or a part of it, where the forward's own derivative is something else."""
    y_bar = e.y_bar
    if y_bar is None or y_bar.shape != e.claimed.shape:
        return []
    if not np.any(e.true) and np.any(e.claimed):
        if e.explains(y_bar):
            text = f"the forward is piecewise constant and ȳ itself came: a straight-through estimator; {MEANT}"
            return [Cause(Kind.STRAIGHT_THROUGH, text)]
        if np.all((np.abs(e.claimed) <= e.precision) | e.close(e.claimed, y_bar)):
            text = (
                f"the forward is piecewise constant and part of ȳ came: a clipped straight-through estimator; {MEANT}"
            )
            return [Cause(Kind.STRAIGHT_THROUGH, text)]
        text = f"the forward is piecewise constant, its derivative zero: a surrogate's derivative came; {MEANT}"
        return [Cause(Kind.STRAIGHT_THROUGH, text)]
    if e.outputs is not None and e.outputs.shape == e.x.shape and np.array_equal(e.outputs, e.x):
        c = float(np.vdot(y_bar, e.claimed) / max(np.vdot(y_bar, y_bar), 1e-300))
        if c < 0 and e.explains(c * y_bar):
            return [
                Cause(Kind.REVERSAL, f"the forward is the identity and {c:.4g} ȳ came: a gradient reversal; {MEANT}")
            ]
        within = np.all(np.abs(e.claimed) <= np.abs(y_bar) * (1 + 1e-5)) and np.all(e.claimed * y_bar >= 0)
        if within and any(cause.kind is Kind.NOT_LINEAR for cause in cotangent_use(e)):
            return [Cause(Kind.CLIPPED, f"the forward is the identity and ȳ came clipped: gradient clipping; {MEANT}")]
    return []

"""Right or wrong: the tolerance follows from the condition of the computation, not from a constant."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

SPREAD = 8  # times what jax.vjp itself loses in the same dtype
RELATIVE = 16  # units in the last place of the element
ABSOLUTE = 4  # units in the last place of the largest element of the leaf


def roundoff(dtypes: Sequence[np.dtype]) -> float:
    """The largest ε among the dtypes that the numbers pass through."""
    return max(float(jnp.finfo(dtype).eps) for dtype in dtypes)


def tolerance(
    truth: np.ndarray,
    own: np.ndarray | None,
    error: np.ndarray,
    eps: float,
    tiny: float,
    typical: np.ndarray | float = 0.0,
) -> np.ndarray:
    """What may separate a right answer from the truth, element by element; axis 0 are points.

    8 |same-dtype oracle − truth| + (16 |truth| + 4 max|truth|) ε + the truth's own error + the dtype's underflow.
    max|truth| is at least the typical one: where a derivative dies away (at saturation), what remains of it need not be
    exact to the last place. Where the same-dtype oracle is not finite it says nothing.
    """
    with np.errstate(all="ignore"):
        size = np.where(np.isfinite(truth), np.abs(truth), 0.0)
        largest = np.maximum(size.max(axis=tuple(range(1, size.ndim)), keepdims=True, initial=0.0), typical)
        spread = np.abs(own.astype(truth.dtype) - truth) if own is not None else np.zeros_like(size)
        spread = np.where(np.isfinite(spread), spread, 0.0)
        return SPREAD * spread + eps * (RELATIVE * size + ABSOLUTE * largest) + 10 * error + tiny


def excess(claimed: np.ndarray, truth: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """|claimed − truth| / tolerance: above 1 is wrong. Unknown truth (NaN) gives 0, a claim not finite gives ∞."""
    with np.errstate(all="ignore"):
        claimed = claimed.astype(np.result_type(truth.dtype, "float64"))
        ratio = np.abs(claimed - truth) / np.where(allowed > 0, allowed, np.finfo("float64").tiny)
    same = (claimed == truth) | np.isnan(truth)
    ratio = np.where(np.isfinite(claimed) | same, ratio, np.inf)
    return np.where(same, 0.0, ratio)


def underflow(dtype: np.dtype, y_bar: Sequence[np.ndarray]) -> float:
    """What may be flushed to zero on the way: the smallest normal number, times the cotangent."""
    largest = max((float(np.abs(b.astype("complex128")).max(initial=0.0)) for b in y_bar), default=0.0)
    return float(jnp.finfo(dtype).tiny) * (1.0 + largest)

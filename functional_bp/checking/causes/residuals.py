"""Causes in what the backward was evaluated at: the output for the input, another primal, a wrong residual."""

from dataclasses import replace

import numpy as np

from functional_bp.checking.causes.evidence import Candidate, Candidates, Evidence
from functional_bp.checking.question.problem import Point


def other_points(e: Evidence) -> Candidates:
    """The true backward, but with one primal replaced by the output, ȳ, or another primal of its shape."""
    for i, leaf in enumerate(e.problem.float_leaves):
        shape = e.points[0].floats[i].shape
        for name, values in e.quantities():
            if name != leaf.name and values.shape[1:] == shape:
                points = [with_float(p, i, v) for p, v in zip(e.points, values, strict=True)]
                text = f"evaluated at the wrong residual: {name} in the place of {leaf.name}"
                yield Candidate("wrong residual", text, e.at(points))


def with_float(point: Point, i: int, value: np.ndarray) -> Point:
    value = value.astype(point.floats[i].dtype)
    return replace(point, floats=(*point.floats[:i], value, *point.floats[i + 1 :]))


def input_for_output(e: Evidence) -> Candidates:
    """J written as a polynomial of the output, evaluated at the input: σ′ = y(1 − y) as x(1 − x), softmax alike."""
    y, J = e.outputs, e.true_jacobians
    if y is None or J is None or y.shape != e.x.shape or y.shape != e.true.shape or y.ndim < 2:
        return
    coupled, same = coupled_pairs(J)
    for transform, label in ((lambda v: v, "the input"), (np.exp, "exp of the input")):
        with np.errstate(all="ignore"):
            fitted = fit_polynomial(J, flat(y), flat(transform(e.x)), coupled, same)
        if fitted is not None:
            yield Candidate(
                "wrong residual",
                f"evaluated at the wrong residual: {label} in the place of the output",
                e.product(fitted),
            )


def flat(a: np.ndarray) -> np.ndarray:
    return a.reshape(len(a), -1)


def coupled_pairs(J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size = np.abs(J).max(axis=0)
    coupled = size > 1e-12 * max(size.max(initial=0.0), 1e-300)
    same = np.eye(J.shape[1], dtype=bool)
    return coupled | same, same


def features(a: np.ndarray, rows: np.ndarray, columns: np.ndarray, same: np.ndarray) -> np.ndarray:
    """1, y_i, y_i², y_i³ on the diagonal; 1, y_i, y_j, y_i y_j everywhere."""
    yi, yj = a[:, rows], a[:, columns]
    on = same[rows, columns][None].astype(float)
    one = np.ones_like(yi)
    return np.stack([on * one, on * yi, on * yi**2, on * yi**3, one, yi, yj, yi * yj], axis=-1)


def fit_polynomial(
    J: np.ndarray, y: np.ndarray, x: np.ndarray, coupled: np.ndarray, same: np.ndarray
) -> np.ndarray | None:
    """J's entries as a polynomial of y, if they are one; its values at x."""
    rows, columns = np.nonzero(coupled)
    A, b = features(y, rows, columns, same), J[:, rows, columns]
    if not (np.all(np.isfinite(A)) and np.all(np.isfinite(b))):
        return None
    coefficients, *_ = np.linalg.lstsq(A.reshape(-1, A.shape[-1]), b.ravel(), rcond=1e-12)
    if np.abs(A @ coefficients - b).max(initial=0.0) > 1e-8 * np.abs(b).max(initial=0.0):
        return None
    fitted = np.zeros_like(J)
    fitted[:, rows, columns] = features(x, rows, columns, same) @ coefficients
    return fitted

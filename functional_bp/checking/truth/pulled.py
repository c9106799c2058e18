"""The truth of a forward that brings its own derivative: another library's autograd, in float64."""

from collections.abc import Sequence

import numpy as np

from functional_bp.checking.program.compiled import Arrays, Programs, upcast
from functional_bp.checking.question.problem import Point, cotangent_tree
from functional_bp.checking.truth.autodiff import AutodiffOracle
from functional_bp.checking.truth.oracle import NothingLost


class PulledOracle(NothingLost):
    """ȳ J by the forward's `pull(primals, y_bar)` → outputs, a cotangent or None for each primal."""

    step, spans_kinks = AutodiffOracle.near, False

    def __init__(self, programs: Programs) -> None:
        self.problem, self.output = programs.problem, programs.output
        self.name = self.problem.forward.library + "'s autograd in float64"

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]:
        rows = [self.at(upcast(point)) for point in points]
        y, x_bar = ([np.stack(column) for column in zip(*part, strict=True)] for part in zip(*rows, strict=True))
        return y, x_bar, [np.zeros(a.shape) for a in x_bar]

    def at(self, point: Point) -> tuple[Arrays, Arrays]:
        primals = self.problem.primals(point.floats, point.indices)
        outputs, bars = self.problem.forward.pull(primals, cotangent_tree(self.output, point.y_bar))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        found = [bars[leaf.position] for leaf in self.problem.float_leaves]
        zeros = [np.zeros(a.shape) if bar is None else bar for a, bar in zip(point.floats, found, strict=True)]
        return [y for y in outputs if np.issubdtype(y.dtype, np.floating)], zeros

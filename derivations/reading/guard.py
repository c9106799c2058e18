"""The formulas that were read, held against the code itself at a point: a reading that errs must not prove."""

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
from sympy import Idx, Integer, Symbol

from derivations.reading import engine
from derivations.reading.arrays import Array
from derivations.reading.claims import Claims
from derivations.reading.trial import Trial

ENTRIES = 6  # of each array, chosen at random


def disagreement(claims: Claims, trial: Trial, own: Mapping[str, int]) -> str:
    """Which output or cotangent is read otherwise than it is computed; empty if none is. `own` are the sizes."""
    r = claims.reading
    sizes = {s: own[s.name] for x in claims.inputs for axis in x.axes for f in axis for s in f.free_symbols}
    given = dict(zip(claims.names, (*trial.arrays, *trial.y_bars), strict=True)) | r.constants
    factors = {
        n: [int(f.subs(sizes)) for axis in x.axes for f in axis]
        for n, x in zip(claims.names, (*claims.inputs, *claims.y_bars), strict=True)
    }
    values = Values(r, given, {n: a.shape for n, a in given.items()} | factors, sizes)
    evaluation = values.evaluation = engine.evaluation(sizes, values.of)
    outputs = [("the output", y, value) for y, value in zip(claims.ys, trial.ys, strict=True)]
    outputs += [(c.name, c.x_bar, value) for c, value in zip(claims.claims, trial.claimed, strict=True)]
    for name, x, value in outputs:
        if not agree(x, value, sizes, evaluation, trial.tolerance):
            return name
    return ""


class Values:
    """Entries by name: of inputs, of definitions, of unknown conditions."""

    def __init__(self, r: Any, given: Mapping[str, np.ndarray], shapes: Mapping[str, Any], sizes: Mapping[Any, int]):
        self.r, self.given, self.shapes, self.sizes = r, given, shapes, sizes
        self.evaluation: Any = None

    def of(self, name: str, where: tuple[int, ...]) -> Any:
        if name in self.given:
            return self.entry(name, where)
        if name in self.r.computed:
            return self.r.computed[name](self, where)
        if name in self.r.labelled:
            return float(self.entry(self.r.labelled[name], where[:-1]) == where[-1] - 1)
        if name in self.r.meanings:
            slots, asked, e = self.r.meanings[name]
            gap = round(self.evaluation(e, dict(zip(slots, where, strict=False))))
            return float(gap == where[-1] - 1 if asked == "hit" else gap == 0 if asked == "eq" else gap >= 0)
        left, right = self.r.definitions[name].args
        indices = left.indices if hasattr(left, "indices") else ()
        return self.evaluation(right, {k: w for k, w in zip(indices, where, strict=True) if isinstance(k, Idx)})

    def entry(self, name: str, where: tuple[int, ...]) -> float:
        x = np.flip(np.reshape(self.given[name], self.shapes[name]), self.r.turned.get(name, []))
        return float(x[tuple(w - 1 for w in where)])


def agree(x: Array, value: np.ndarray, sizes: Mapping[Symbol, int], evaluation: Any, tolerance: float) -> bool:
    shape = [[int(f.subs(sizes)) for f in axis] for axis in x.axes]
    rng = Random(0)
    if 0 in value.shape:
        return True
    places = [tuple(rng.randrange(f) for axis in shape for f in axis) for _ in range(ENTRIES)]
    for place in set(places):
        left = list(place)
        split = [tuple(Integer(left.pop(0) + 1) for _ in axis) for axis in shape]
        try:
            read = float(evaluation(x.at(*split), {}))
        except engine.Inadmissible:
            continue
        flat = [f for axis in shape for f in axis]
        computed = float(np.reshape(value, flat)[place]) if flat else float(np.reshape(value, ()))
        if np.isfinite(computed) and not abs(read - computed) <= tolerance * (1 + abs(computed)):
            return False
    return True

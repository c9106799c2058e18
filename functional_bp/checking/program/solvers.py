"""Has an iteration come to rest? The forward's loops are run once more by NumPy, one turn less, and compared."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from functional_bp.checking.program.compiled import Programs, double_precision, widen
from functional_bp.checking.program.run import by_numpy, interpret, scan
from functional_bp.checking.question.problem import Point

AT_REST, MOVING = 1e-6, 1e-3  # of the largest number carried


def last_change(programs: Programs, point: Point) -> float:
    """By how much the last turn of a loop still changes what it carries, relatively: the most of all its loops."""
    found = [0.0]

    def perform(equation: Any, operands: list) -> list:
        results = by_numpy(equation, operands)
        params = equation.params
        if equation.primitive.name == "scan" and params["num_carry"] and params["length"] > 1:
            fixed = params["num_consts"] + params["num_carry"]
            rest = slice(1, None) if params["reverse"] else slice(-1)
            fewer = [*operands[:fixed], *(np.asarray(x)[rest] for x in operands[fixed:])]
            before = scan({**params, "length": params["length"] - 1}, fewer)
            found.extend(change(a, b) for a, b in zip(results[: params["num_carry"]], before, strict=False))
        return results

    arrays = [widen(a) for a in (*point.floats, *point.indices)]
    with double_precision(), np.errstate(all="ignore"):
        count = len(point.floats)
        interpret(jax.make_jaxpr(programs.problem.float_outputs)(arrays[:count], arrays[count:]), arrays, perform)
    return max(found)


def change(after: Any, before: Any) -> float:
    after, before = np.asarray(after), np.asarray(before)
    if after.dtype.kind not in "fc" or not after.size:
        return 0.0
    difference = float(np.abs(after - before).max() / (np.abs(after).max() or 1.0))
    return difference if np.isfinite(difference) else np.inf


def unsettled(programs: Programs, given: Sequence[np.ndarray], point: Point) -> bool:
    """Does an iteration rest at the given numbers, and not at this point?"""
    if not programs.loops or not programs.precise:
        return False
    try:
        rests = last_change(programs, Point("", tuple(given), point.indices, point.y_bar)) <= AT_REST
        return rests and last_change(programs, point) > MOVING
    except Exception:  # a program that NumPy can't run
        return False

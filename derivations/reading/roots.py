"""√d of a size d, as code writes it: `d ** -0.5`, `math.sqrt(d)`, `np.sqrt(d)`; of symbolic sizes JAX has no root."""

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
from jax._src.export.shape_poly import _DimExpr


def sqrt(x: Any) -> Any:
    return jnp.sqrt(x) if isinstance(x, _DimExpr) else ROOT(x)


def power(d: Any, exponent: Any) -> Any:
    return POWER(d, exponent) if isinstance(exponent, int) else jnp.power(jnp.asarray(d, jnp.float32), exponent)


ROOT, POWER = math.sqrt, _DimExpr.__pow__


@contextmanager
def roots_of_sizes(*functions: Callable) -> Iterator[None]:
    """While code is traced, the root of a size is a number in the program, as `jnp.sqrt(d)` makes it one."""
    spaces = [g for f in functions if (g := getattr(inspect.unwrap(f), "__globals__", None)) is not None]
    places = [(g, name) for g in spaces for name, value in list(g.items()) if value is ROOT]
    math.sqrt, _DimExpr.__pow__ = sqrt, power
    _DimExpr.sqrt = lambda d: jnp.sqrt(d)  # what np.sqrt(d) calls
    for g, name in places:
        g[name] = sqrt
    try:
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # a size is a whole number there
            yield
    finally:
        math.sqrt, _DimExpr.__pow__ = ROOT, POWER
        del _DimExpr.sqrt
        for g, name in places:
            g[name] = ROOT

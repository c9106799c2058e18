"""Code that is written with NumPy, read as JAX's functions of the same names."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def traceable(function: Callable, arguments: Callable[[], tuple]) -> Callable:
    """The function, with `jax.numpy` in the place of `numpy` while it runs if it cannot be traced as it is."""
    space = getattr(inspect.unwrap(function), "__globals__", {})
    names = [name for name, value in space.items() if value is np]
    if not names:
        return function
    try:
        jax.eval_shape(function, *arguments())
    except jax.errors.TracerArrayConversionError:
        return swapped(function, space, names)
    except Exception:
        return function
    return function


def swapped(function: Callable, space: dict[str, Any], names: list[str]) -> Callable:
    @functools.wraps(function)
    def run(*args: Any) -> Any:
        space.update(dict.fromkeys(names, jnp))
        try:
            return function(*args)
        finally:
            space.update(dict.fromkeys(names, np))

    return run

"""A scan that copies nothing it was given: what makes stacked Jacobians lean."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Literal, jaxpr_as_fun

from functional_bp.jacobians.shape import Size, is_size, leaf


class Once:
    """Stands for a stacked leaf that is the same at every step, and holds it once. (A leaf itself, no branch.)"""

    def __init__(self, value: Any) -> None:
        self.value = value


def is_once(node: Any) -> bool:
    return isinstance(node, Once)


class Steps:
    """A tree for each of `length` steps, stacked; `once` says of each leaf whether it is the same at every step.

    As a pytree it is the tree, so that a Jacobian inside is found as everywhere else.
    """

    def __init__(self, tree: Any, length: int) -> None:
        leaves, structure = jax.tree.flatten(tree)
        self.length = length
        self.once = tuple(map(is_once, leaves))
        self.arrays = structure.unflatten([x.value if is_once(x) else x for x in leaves])

    @property
    def tree(self) -> Any:
        """With a `Once` for each leaf that is the same at every step."""
        leaves, structure = jax.tree.flatten(self.arrays)
        return structure.unflatten([Once(x) if one else x for x, one in zip(leaves, self.once, strict=True)])

    @property
    def step(self) -> Any:
        """One step's tree, of shapes and dtypes alone."""
        leaves, structure = jax.tree.flatten(self.arrays)
        shapes = (x.shape if one else x.shape[1:] for x, one in zip(leaves, self.once, strict=True))
        return structure.unflatten(
            [jax.ShapeDtypeStruct(shape, x.dtype) for shape, x in zip(shapes, leaves, strict=True)]
        )


def flatten_steps(steps: Steps) -> Any:
    return ((jax.tree_util.GetAttrKey("arrays"), steps.arrays),), (steps.once, steps.length)


def unflatten_steps(constants: Any, children: Any) -> Steps:
    steps = object.__new__(Steps)
    (steps.once, steps.length), (steps.arrays,) = constants, children
    return steps


jax.tree_util.register_pytree_with_keys(Steps, flatten_steps, unflatten_steps)


def scan(step: Callable[..., Any], carry: Any, xs: Any, length: int, reverse: bool = False) -> tuple[Any, Any]:
    """lax.scan, of whose ys a slice of xs is xs itself, what no step changes is a `Once`, and what comes several times
    is stacked once.

    So the W in a stacked `Dense(W)` is the stacked parameters, and the x that the weights of q, k and v hold is one
    array. Leaves of xs may be `Once`. Raises ValueError if a step changes the carry's shape or dtype.
    """
    leaves, structure = jax.tree.flatten(xs)
    moving = list({id(x): x for x in leaves if not is_once(x)}.values())
    place = {id(x): k for k, x in enumerate(moving)}

    def with_slices(carry: Any, slices: list[Any]) -> tuple[Any, Any]:
        at = [x.value if is_once(x) else slices[place[id(x)]] for x in leaves]
        return step(carry, structure.unflatten(at))

    program, (after, ys) = jax.make_jaxpr(with_slices, return_shape=True)(carry, [first_of(x) for x in moving])
    check_carry(carry, after)
    n = len(jax.tree.leaves(after))
    outputs, known, new = program.jaxpr.outvars[n:], {}, {}
    for variables, values in ((program.jaxpr.constvars, map(Once, program.consts)), (program.jaxpr.invars[n:], moving)):
        known |= dict(zip(variables, values, strict=True))
    for k, out in enumerate(outputs):
        if not isinstance(out, Literal) and out not in known:
            new.setdefault(out, k)

    def lean(carry: Any, slices: list[Any]) -> tuple[Any, list[Any]]:
        out = jaxpr_as_fun(program)(*jax.tree.leaves(carry), *slices)
        return jax.tree.unflatten(jax.tree.structure(after), out[:n]), [out[n + k] for k in new.values()]

    carry, stacked = jax.lax.scan(lean, carry, moving, length, reverse)
    known |= dict(zip(new, stacked, strict=True))
    values = [Once(jnp.asarray(v.val)) if isinstance(v, Literal) else known[v] for v in outputs]
    return carry, jax.tree.unflatten(jax.tree.structure(ys), values)


def first_of(x: Any) -> Any:
    """The type of one slice, with the mesh axes it varies over."""
    return jax.eval_shape(lambda x: x[0], x) if len(x) else jax.ShapeDtypeStruct(x.shape[1:], x.dtype)


def check_carry(before: Any, after: Any) -> None:
    def types(tree: Any) -> Any:
        return jax.tree.map(lambda x: f"{jnp.result_type(x)}{list(jnp.shape(x))}", tree)

    if types(before) != types(after):
        raise ValueError(
            f"each step must give what it takes, in shape and dtype: {types(before)} became {types(after)}"
        )


def sizes_of(tree: Any, axis: tuple[int, ...] = ()) -> Any:
    """A tree of sizes with one more axis in front of each."""
    return jax.tree.map(lambda size: Size((*axis, *size)), leaf(tree), is_leaf=is_size)


def stacked(x: Any, n: int) -> Any:
    """What is there once, n times."""
    return jnp.broadcast_to(x.value, (n, *x.value.shape)) if is_once(x) else x


def zeros_as(x: Any) -> Any:
    """Zeros for a scan to begin with; inside shard_map they vary over the mesh axes that x varies over."""
    zeros = jnp.zeros(x.shape, x.dtype)
    return zeros if isinstance(x, jax.ShapeDtypeStruct) else jnp.where(False, x, zeros)

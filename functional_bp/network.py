"""Layers, and networks made of them: a layer is two pure functions, and a chain of layers is a layer."""

import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from functional_bp.jacobians import BlockRow, Chain, Identity, Jacobian
from functional_bp.rules import AffineParams, affine

Rule = Callable[..., tuple[Any, Jacobian]]
Initializer = Literal["gaussian", "glorot", "he"]


class Layer(NamedTuple):
    """A function y = f(θ, x) with parameters θ.

    `init(key)` gives θ; `apply(params, x, key=None)` gives y and J with `y_bar @ J` = (θ̄, x̄). The key is for layers
    that draw random numbers (dropout, randomised_leaky_relu); without one they do what is done in evaluation.
    `n_in` is the length of x where it is fixed; it lets `chain` check that neighbours fit. `parts` are the layers
    of a chain.
    """

    init: Callable[[PRNGKeyArray], Any]
    apply: Callable[..., tuple[Any, Any]]  # (y, J); a chain gives a `Chain`
    name: str = "layer"
    n_in: int | None = None
    parts: tuple["Layer", ...] = ()


def affine_layer(
    n_in: int, n_out: int, initializer: Initializer = "glorot", scale: float = 0.1, dtype: Any = None
) -> Layer:
    """z = W y + b with W[n_out, n_in] drawn from a Gaussian of standard deviation s, and b = 0.

    s = `scale` for "gaussian", √(2/(n_in + n_out)) for "glorot", √(2/n_in) for "he". Raises ValueError for
    another initializer or a size below 1. Source: lectures, claim G7 (equal weights would keep hidden units equal).
    """
    if min(n_in, n_out) < 1:
        raise ValueError(f"affine_layer: both sizes must be at least 1, got {n_in} and {n_out}")
    deviations = {"gaussian": scale, "glorot": math.sqrt(2 / (n_in + n_out)), "he": math.sqrt(2 / n_in)}
    if initializer not in deviations:
        raise ValueError(f"affine_layer: initializer must be one of {list(deviations)}, got {initializer!r}")

    def init(key: PRNGKeyArray) -> AffineParams:
        W = deviations[initializer] * jax.random.normal(key, (n_out, n_in), dtype)
        return AffineParams(W, jnp.zeros(n_out, W.dtype))

    def apply(params: AffineParams, y: Float[Array, "*batch n"], key: Any = None) -> tuple[Array, BlockRow]:
        return affine(params, y)

    return Layer(init, apply, f"affine({n_in}→{n_out})", n_in)


def without_params(rule: Rule) -> Layer:
    """A rule y = f(x) as a layer whose θ is empty; a rule with an argument `key` is given the layer's."""
    takes_key = "key" in inspect.signature(rule).parameters

    def apply(params: tuple[()], x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, BlockRow]:
        y, J = rule(x, key=key) if takes_key else rule(x)
        return y, BlockRow(((), J))

    return Layer(lambda key: (), apply, rule_name(rule))


def as_layer(link: Layer | Rule) -> Layer:
    return link if isinstance(link, Layer) else without_params(link)


def residual(link: Layer | Rule) -> Layer:
    """y = x + f(θ, x);  ∂y/∂x = I + J_f: the cotangent flows around f as well as through it.

    Takes a layer or a bare rule. Raises ValueError, when applied, unless f gives what has the shape of x.
    """
    layer = as_layer(link)
    name = f"residual({layer.name})"

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Jacobian]:
        y, J = layer.apply(params, x, key)
        if y.shape != x.shape:
            raise ValueError(f"{name}: the output must have the input's shape {x.shape}, got {y.shape}")
        return x + y, BlockRow((None, Identity(J.shape.outputs))) + J

    return Layer(layer.init, apply, name, layer.n_in)


def chain(*layers: Layer | Rule, name: str = "chain") -> Layer:
    """y = f_K(θ_K, … f_1(θ_1, x)), itself a layer: θ is the tuple of all θ_k and J a `Chain`.

    Takes layers and bare rules. Raises ValueError where the output of one does not fit the next, naming both
    and their positions from 1; positions without a known length are checked when the chain is applied.
    """
    if not layers:
        raise ValueError("chain: at least one layer is needed")
    links = tuple(map(as_layer, layers))
    check_neighbours(links)
    names = tuple(link.name for link in links)
    nodes = node_names(links)

    def init(key: PRNGKeyArray) -> tuple[Any, ...]:
        keys = jax.random.split(key, len(links))
        return tuple(link.init(link_key) for link, link_key in zip(links, keys, strict=True))

    def apply(params: tuple[Any, ...], x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Chain]:
        if len(params) != len(links):
            raise ValueError(f"{name}: expected the parameters of {len(links)} layers, got {len(params)}")
        factors = []
        for position, (link, theta) in enumerate(zip(links, params, strict=True), start=1):
            link_key = None if key is None else jax.random.fold_in(key, position)
            try:
                x, J = link.apply(theta, x, link_key)
            except (ValueError, TypeError) as error:
                raise ValueError(f"{name}, layer {position}, {link.name}: {error}") from error
            factors.append(J)
        return x, Chain(tuple(factors), names, nodes)

    return Layer(init, apply, name, links[0].n_in, links)


def value_and_grad(network: Layer, divergence: Rule) -> Callable[..., tuple[Array, Any]]:
    """(θ, x, d) ↦ (mean loss, ∂loss/∂θ): with D, J_D = divergence(y, d), θ̄ is the first part of (1/N) J_D J.

    The gradients have the parameters' own tree and shapes. A key as fourth argument is passed to the network.
    """

    def loss_and_gradients(params: Any, x: Array, d: Array, key: Any = None) -> tuple[Array, Any]:
        y, J = network.apply(params, x, key)
        D, J_D = divergence(y, d)
        D_bar = jnp.full(D.shape, 1 / max(D.size, 1), D.dtype)
        y_bar = D_bar @ J_D
        params_bar, _ = y_bar @ J
        return D.mean(), params_bar

    return loss_and_gradients


def check_neighbours(links: tuple[Layer, ...]) -> None:
    """Follows the length of the signal as far as it is known, without computing anything."""
    length, giver = None, ""
    for position, link in enumerate(links, start=1):
        here = f"layer {position}, {link.name},"
        if length is not None and link.n_in not in (None, length):
            raise ValueError(f"chain: {giver} gives {length} numbers but {here} takes {link.n_in}")
        length = length if link.n_in is None else link.n_in
        if length is not None:
            length, giver = length_after(link, length, f"chain: {here}"), here


def length_after(link: Layer, length: int, where: str) -> int | None:
    """The length of the output for an input of that length; None if it is no vector."""
    try:
        params = jax.eval_shape(link.init, jax.random.key(0))
        dtype = jnp.result_type(*jax.tree.leaves(params)) if jax.tree.leaves(params) else jnp.result_type(float)
        y = jax.eval_shape(lambda p, x: link.apply(p, x)[0], params, jax.ShapeDtypeStruct((length,), dtype))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where} cannot take {length} numbers: {error}") from error
    return y.shape[-1] if getattr(y, "ndim", 0) == 1 else None


def node_names(links: tuple[Layer, ...]) -> tuple[str, ...]:
    """x, then z1, y1, z2, y2, …: z_k is what the k-th layer with a fixed input length gives, y_k what follows it."""
    names, k = ["x"], 0
    for link in links:
        k += link.n_in is not None
        node = f"{'y' if link.n_in is None else 'z'}{k}"
        while node in names:
            node += "'"
        names.append(node)
    return tuple(names)


def rule_name(rule: Rule) -> str:
    if isinstance(rule, partial):
        return rule_name(rule.func)
    return getattr(rule, "__name__", type(rule).__name__)

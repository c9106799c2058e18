"""How they are written: static arguments, defaults, None, trees, factories, several outputs, recomputation."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, halves, normal, pair


def make_dense(activation, slope):
    """A factory: the rule of a layer with any activation."""

    @jax.custom_vjp
    def dense(x, W, b):
        return activation(x @ W + b)

    def fwd(x, W, b):
        z = x @ W + b
        return activation(z), (x, W, z)

    def bwd(saved, g):
        x, W, z = saved
        z_bar = g * slope(z)
        return z_bar @ W.T, x.T @ z_bar, z_bar.sum(0)

    dense.defvjp(fwd, bwd)
    return dense


class Scale:
    """A rule as a method, with its constant in the object."""

    def __init__(self, factor):
        self.factor = factor
        self.apply = jax.custom_vjp(self.primal)
        self.apply.defvjp(self.fwd, self.bwd)

    def primal(self, x):
        return self.factor * x**2

    def fwd(self, x):
        return self.primal(x), x

    def bwd(self, x, g):
        return (2 * self.factor * x * g,)


class State(NamedTuple):
    h: jax.Array
    c: jax.Array


def cell(params, state):
    """Trees in, trees out."""
    z = state.h @ params["W"] + params["b"]
    c = jnp.tanh(z) + state.c
    return {"state": State(jnp.sin(c), c), "size": (c**2).sum()}


def cell_backward(primals, bars):
    params, state = primals
    z = state.h @ params["W"] + params["b"]
    t = jnp.tanh(z)
    c = t + state.c
    c_bar = bars["state"].c + bars["state"].h * jnp.cos(c) + 2 * c * bars["size"]
    z_bar = c_bar * (1 - t**2)
    return {"W": state.h.T @ z_bar, "b": z_bar.sum(0)}, State(z_bar @ params["W"].T, c_bar)


def mlp(params, x):
    for W, b in params[:-1]:
        x = jax.nn.relu(x @ W + b)
    W, b = params[-1]
    return x @ W + b


def mlp_backward(primals, g):
    """Everything is computed again; nothing was kept."""
    params, x = primals
    hs = [x]
    for W, b in params[:-1]:
        hs.append(jnp.maximum(hs[-1] @ W + b, 0))
    bars = []
    for (W, _), h in zip(reversed(params), reversed(hs), strict=True):
        bars.append((h.T @ g, g.sum(0)))
        g = g @ W.T * (h > 0) if len(bars) < len(params) else g @ W.T
    return bars[::-1], g


def checkpointed(W, x):
    return jax.checkpoint(lambda x: jnp.tanh(x @ W))(x) @ W


def checkpointed_backward(primals, g):
    W, x = primals
    h = jnp.tanh(x @ W)
    z_bar = g @ W.T * (1 - h**2)
    return h.T @ g + x.T @ z_bar, z_bar @ W.T


def reversible(x1, x2, F, G):
    """The inputs are found again from the outputs."""
    y1 = x1 + jnp.tanh(x2 @ F)
    return y1, x2 + jnp.tanh(y1 @ G)


def reversible_fwd(x1, x2, F, G):
    y1, y2 = reversible(x1, x2, F, G)
    return (y1, y2), (y1, y2, F, G)


def reversible_bwd(saved, bars):
    y1, y2, F, G = saved
    g1, g2 = bars
    x2 = y2 - jnp.tanh(y1 @ G)
    z2_bar = g2 * (1 - jnp.tanh(y1 @ G) ** 2)
    g1 = g1 + z2_bar @ G.T
    z1_bar = g1 * (1 - jnp.tanh(x2 @ F) ** 2)
    return g1, g2 + z1_bar @ F.T, x2.T @ z1_bar, y1.T @ z2_bar


def clipped_norm(x):
    """Rows longer than one are cut to one: the true gradient of the cut, not an estimate."""
    size = jnp.sqrt((x * x).sum(-1, keepdims=True))
    return x * jnp.minimum(1, 1 / jnp.where(size > 0, size, 1))


def clipped_norm_backward(primals, g):
    (x,) = primals
    size = jnp.sqrt((x * x).sum(-1, keepdims=True))
    u = x / jnp.where(size > 0, size, 1)
    return (jnp.where(size > 1, (g - u * (g * u).sum(-1, keepdims=True)) / jnp.where(size > 0, size, 1), g),)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 2))
def applied(f, x, times=2):
    """A function among the arguments, and how often it is applied."""
    for _ in range(times):
        x = f(x)
    return x


def applied_fwd(f, x, times):
    kept = []
    for _ in range(times):
        kept.append(x)
        x = f(x)
    return x, kept


def applied_bwd(f, times, kept, g):
    for x in reversed(kept):
        (g,) = jax.vjp(f, x)[1](g)
    return (g,)


applied.defvjp(applied_fwd, applied_bwd)


@jax.custom_vjp
def with_unused(x, unused):
    del unused
    return x**3


with_unused.defvjp(lambda x, unused: (x**3, x), lambda x, g: (3 * x**2 * g, None))


def bilinear(a, A, b):
    return jnp.einsum("ni,ijk,nj->nk", a, A, b)


def bilinear_backward(primals, g):
    a, A, b = primals
    parts = ("nk,ijk,nj->ni", g, A, b), ("nk,ni,nj->ijk", g, a, b), ("nk,ijk,ni->nj", g, A, a)
    return tuple(jnp.einsum(*part) for part in parts)


def scan_of_layers(Ws, x):
    return jax.lax.scan(lambda h, W: (jnp.tanh(h @ W), None), x, Ws)[0]


def scan_of_layers_backward(primals, g):
    Ws, x = primals
    _, hs = jax.lax.scan(lambda h, W: (jnp.tanh(h @ W), h), x, Ws)

    def step(g, layer):
        W, h = layer
        z_bar = g * (1 - jnp.tanh(h @ W) ** 2)
        return z_bar @ W.T, h.T @ z_bar

    x_bar, W_bars = jax.lax.scan(step, g, (Ws, hs), reverse=True)
    return W_bars, x_bar


def fourier(x):
    """The power of each frequency."""
    return jnp.abs(jnp.fft.rfft(x)) ** 2


def fourier_backward(primals, g):
    (x,) = primals
    n = x.shape[-1]
    weighted = 2 * g * jnp.fft.rfft(x)
    full = jnp.zeros((*x.shape[:-1], n), weighted.dtype).at[..., : g.shape[-1]].set(weighted)
    return (jnp.fft.ifft(full).real * n,)


def stacked_roots(x):
    """The empty batch is more than the backward can take."""
    return jnp.sqrt(x).sum(-1)


def stacked_roots_backward(primals, g):
    return (jnp.stack([0.5 * gi / jnp.sqrt(xi) for xi, gi in zip(primals[0], g, strict=True)]),)


dense = make_dense(jnp.tanh, lambda z: 1 - jnp.tanh(z) ** 2)
rng = np.random.default_rng(0)
layers = [(rng.standard_normal(s, "float32"), rng.standard_normal(s[1], "float32")) for s in ((4, 5), (5, 3))]
x, h, c = (rng.standard_normal(s, "float32") for s in ((6, 4), (3, 4), (3, 4)))
params = {"W": rng.standard_normal((4, 4), "float32"), "b": rng.standard_normal(4, "float32")}

CASES = (
    custom("a layer from a factory", dense, normal((5, 4), (4, 3), (3,))),
    custom("a rule as a method", Scale(3.0).apply, normal((4, 5))),
    pair("trees in and out", cell, cell_backward, lambda: (params, State(h, c))),
    pair("an MLP, everything computed again", mlp, mlp_backward, lambda: (layers, x)),
    pair("a checkpointed layer, weights used twice", checkpointed, checkpointed_backward, normal((4, 4), (3, 4))),
    halves("reversible block", reversible, reversible_fwd, reversible_bwd, normal((3, 4), (3, 4), (4, 4), (4, 4))),
    pair("rows cut to length one", clipped_norm, clipped_norm_backward, normal((4, 3))),
    custom("a function among the arguments", applied, lambda: (jnp.sin, x)),
    custom("None for an argument that is not used", with_unused, normal((4,), (3,))),
    pair("bilinear form", bilinear, bilinear_backward, normal((4, 3), (3, 2, 2), (4, 2))),
    pair("layers in a scan", scan_of_layers, scan_of_layers_backward, normal((3, 4, 4), (2, 4))),
    pair("power spectrum", fourier, fourier_backward, normal((2, 6))),
    pair(
        "an empty batch that the backward can't take",
        stacked_roots,
        stacked_roots_backward,
        lambda: (np.random.default_rng(0).uniform(1, 2, (3, 4)).astype("float32"),),
    ),
)

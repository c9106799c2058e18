"""Backward passes that are meant to differ from the derivative, and what is to be said of each.

`said`: how the report names it; `surrogate`: the function whose derivative the backward is, if there is one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

x = np.random.default_rng(0).standard_normal((4, 5)).astype("float32")
noise = np.random.default_rng(1).uniform(0.1, 0.9, (4, 5)).astype("float32")


@dataclass(frozen=True)
class Estimator:
    name: str
    said: str
    forward: Callable
    backward: Callable
    surrogate: Callable | None = None
    primals: tuple = (x,)


def identity(x):
    return x


def through(name: str, forward: Callable, slope: Callable | None = None, surrogate: Callable = identity) -> Estimator:
    """ȳ itself, or ȳ where the input lies in a window."""
    if slope is None:
        return Estimator(name, r"straight-through", forward, lambda p, g: (g,), surrogate)
    return Estimator(name, r"straight-through|clip|surrogate", forward, lambda p, g: (g * slope(p[0]),), surrogate)


def reversed_by(name: str, forward: Callable, backward: Callable) -> Estimator:
    return Estimator(name, r"revers", forward, backward)


def clipped(name: str, backward: Callable, said: str = r"clip") -> Estimator:
    return Estimator(name, said, identity, backward)


def spike(name: str, slope: Callable, surrogate: Callable) -> Estimator:
    def forward(x):
        return (x > 0).astype(x.dtype)

    return Estimator(name, r"surrogate|piecewise constant", forward, lambda p, g: (g * slope(p[0]),), surrogate)


def quantised(x):
    return jnp.clip(jnp.round(x / 0.1), -8, 7) * 0.1


def nearest(x):
    """The nearest of three codewords, for each number."""
    words = jnp.array([-1.0, 0.1, 1.2], x.dtype)
    return words[jnp.abs(x[..., None] - words).argmin(-1)]


def largest_only(x):
    return (x == x.max(-1, keepdims=True)).astype(x.dtype)


def kept_largest(x):
    return jnp.where(jnp.abs(x) >= jnp.sort(jnp.abs(x), axis=-1)[:, -2:-1], x, 0)


def ternary(x):
    return jnp.sign(x) * (jnp.abs(x) > 0.5)


def gaussian(x):
    return jnp.exp(-(x**2) / 2) / np.sqrt(2 * np.pi).astype("float32")


def softmax_pull(p, g):
    y = jax.nn.softmax(p[0])
    return (y * (g - (y * g).sum(-1, keepdims=True)),)


ESTIMATORS = (
    through("rounding", jnp.round),
    through("floor", jnp.floor),
    through("ceiling", jnp.ceil),
    through("sign", jnp.sign),
    through("step", lambda x: (x > 0).astype(x.dtype)),
    through("quantised to four bits", quantised),
    through("ternary weights", ternary),
    through("nearest codeword", nearest),
    through("powers of two", lambda x: jnp.sign(x) * 2.0 ** jnp.round(jnp.log2(jnp.abs(x) + 1e-6))),
    through("largest as one-hot", largest_only),
    through("the two largest kept", kept_largest),
    through("sign in a window", jnp.sign, lambda x: (jnp.abs(x) < 1).astype(x.dtype), lambda x: jnp.clip(x, -1, 1)),
    through("sign by a tanh", jnp.sign, lambda x: 1 - jnp.tanh(x) ** 2, jnp.tanh),
    Estimator(
        "Bernoulli",
        r"straight-through",
        lambda p, u: (p > u).astype(p.dtype),
        lambda p, g: (g, 0 * g),
        None,
        (x, noise),
    ),
    Estimator("one-hot by the softmax", r"surrogate|softmax", largest_only, softmax_pull, jax.nn.softmax),
    Estimator(
        "Gumbel softmax",
        r"surrogate|softmax",
        lambda z, n: largest_only(z + n),
        lambda p, g: (softmax_pull((p[0] + p[1],), g)[0],) * 2,
        lambda z, n: jax.nn.softmax(z + n),
        (x, noise),
    ),
    reversed_by("gradient reversal", identity, lambda p, g: (-g,)),
    reversed_by("gradient reversal, a tenth", identity, lambda p, g: (-0.1 * g,)),
    reversed_by("reversal after a tanh", jnp.tanh, lambda p, g: (-(1 - jnp.tanh(p[0]) ** 2) * g,)),
    clipped("ȳ clipped", lambda p, g: (jnp.clip(g, -1, 1),)),
    clipped("ȳ's rows cut to length one", lambda p, g: (g / jnp.maximum(1, jnp.sqrt((g**2).sum(-1, keepdims=True))),)),
    clipped("ȳ scaled", lambda p, g: (0.1 * g,), r"scal|factor"),
    clipped("ȳ stopped", lambda p, g: (0 * g,), r"stop|zero|missing"),
    spike(
        "spike by a sigmoid",
        lambda x: 4 * jax.nn.sigmoid(4 * x) * jax.nn.sigmoid(-4 * x),
        lambda x: jax.nn.sigmoid(4 * x),
    ),
    spike("spike by a fast sigmoid", lambda x: 1 / (1 + 5 * jnp.abs(x)) ** 2, lambda x: x / (1 + 5 * jnp.abs(x))),
    spike("spike by an arctangent", lambda x: 1 / (1 + (np.pi * x) ** 2), lambda x: jnp.arctan(np.pi * x) / np.pi),
    spike("spike by a Gaussian", gaussian, lambda x: jax.scipy.stats.norm.cdf(x)),
    spike("spike by a window", lambda x: (jnp.abs(x) < 0.5).astype(x.dtype), lambda x: jnp.clip(x, -0.5, 0.5)),
    Estimator(
        "guided ReLU", r"guided|ȳ|not linear", jax.nn.relu, lambda p, g: (jnp.where((p[0] > 0) & (g > 0), g, 0),)
    ),
    Estimator(
        "ReLU with a leak",
        r"surrogate|factor|few|missing",
        jax.nn.relu,
        lambda p, g: (jnp.where(p[0] > 0, g, 0.1 * g),),
        jax.nn.leaky_relu,
    ),
)

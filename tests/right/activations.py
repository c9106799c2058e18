"""Activations: gated ones, exact and approximate, piecewise, with static slopes, sparse, and those that saturate."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, halves, normal, pair


def sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


def glu(x):
    a, b = jnp.split(x, 2, axis=-1)
    return a * jax.nn.sigmoid(b)


def glu_backward(primals, g):
    a, b = jnp.split(primals[0], 2, axis=-1)
    s = jax.nn.sigmoid(b)
    return (jnp.concatenate([g * s, g * a * s * (1 - s)], -1),)


def swiglu(x, W, V):
    return jax.nn.silu(x @ W) * (x @ V)


def swiglu_fwd(x, W, V):
    e, g = x @ W, x @ V
    return jax.nn.silu(e) * g, (x, W, V, e, g)


def swiglu_bwd(saved, dh):
    """f is SiLU's output, computed again from e."""
    x, W, V, e, g = saved
    se = jax.nn.sigmoid(e)
    f = se * e
    df = dh * f
    de = dh * g * se * (1 + e * (1 - se))
    return de @ W.T + df @ V.T, x.T @ de, x.T @ df


@jax.custom_vjp
def geglu(x, gate):
    return x * jax.nn.gelu(gate, approximate=False)


def geglu_fwd(x, gate):
    return geglu(x, gate), (x, gate)


def geglu_bwd(saved, g):
    x, z = saved
    Phi = 0.5 * (1 + jax.lax.erf(z / np.sqrt(2).astype("float32")))
    phi = jnp.exp(-0.5 * z**2) / np.sqrt(2 * np.pi).astype("float32")
    return g * z * Phi, g * x * (Phi + z * phi)


geglu.defvjp(geglu_fwd, geglu_bwd)


def gelu_tanh(x):
    return 0.5 * x * (1 + jnp.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def gelu_tanh_backward(primals, g):
    """1 − tanh² as sech², as in a well-known C program."""
    (x,) = primals
    arg = 0.7978845608 * (x + 0.044715 * x * x * x)
    t = jnp.tanh(arg)
    local = 0.5 * (1 + t) + x * 0.5 * (1 - t * t) * 0.7978845608 * (1 + 3 * 0.044715 * x * x)
    return (local * g,)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def leaky_relu(x, slope=0.1):
    return jnp.where(x > 0, x, slope * x)


def leaky_relu_fwd(x, slope):
    return leaky_relu(x, slope), x > 0


def leaky_relu_bwd(slope, positive, g):
    return (jnp.where(positive, g, slope * g),)


leaky_relu.defvjp(leaky_relu_fwd, leaky_relu_bwd)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def scaled_clip(x, low=-1.0, high=1.0):
    return jnp.clip(x, low, high)


scaled_clip.defvjp(
    lambda x, low, high: (jnp.clip(x, low, high), x),
    lambda low, high, x, g: (jnp.where((x > low) & (x < high), g, 0.0),),
)


def mish(x):
    return x * jnp.tanh(jax.nn.softplus(x))


def mish_backward(primals, g):
    (x,) = primals
    t = jnp.tanh(jax.nn.softplus(x))
    return (g * (t + x * (1 - t * t) * jax.nn.sigmoid(x)),)


def elu(x):
    return jnp.where(x > 0, x, jnp.expm1(jnp.minimum(x, 0)))


def elu_backward(primals, g):
    """From the output: y + 1 where it is negative."""
    y = elu(primals[0])
    return (g * jnp.where(y > 0, 1, y + 1),)


def hard_swish(x):
    return x * jnp.clip(x + 3, 0, 6) / 6


def hard_swish_backward(primals, g):
    (x,) = primals
    return (jnp.where(x < -3, 0, jnp.where(x <= 3, (2 * x + 3) / 6, 1)) * g,)


def squared_relu(x):
    return jnp.square(jnp.maximum(x, 0))


def sparsemax(z):
    """The projection onto the simplex, by sorting."""
    z = z - z.max(-1, keepdims=True)
    falling = -jnp.sort(-z, axis=-1)
    k = jnp.arange(1, z.shape[-1] + 1)
    total = jnp.cumsum(falling, axis=-1)
    support = (1 + k * falling > total).sum(-1, keepdims=True)
    tau = (jnp.take_along_axis(total, support - 1, axis=-1) - 1) / support
    return jnp.maximum(z - tau, 0)


def sparsemax_backward(primals, g):
    """The mean over the support is taken away, nothing comes out elsewhere."""
    held = sparsemax(primals[0]) > 0
    mean = jnp.where(held, g, 0).sum(-1, keepdims=True) / held.sum(-1, keepdims=True)
    return (jnp.where(held, g - mean, 0),)


def soft_cap(x):
    return 30 * jnp.tanh(x / 30)


def log_sigmoid(x):
    return -jax.nn.softplus(-x)


def maxout(x):
    """The larger of two halves; ties to the first."""
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.maximum(a, b)


def maxout_backward(primals, g):
    a, b = jnp.split(primals[0], 2, axis=-1)
    return (jnp.concatenate([jnp.where(a >= b, g, 0), jnp.where(a >= b, 0, g)], -1),)


CASES = (
    pair("GLU", glu, glu_backward, normal((4, 6))),
    halves("SwiGLU with its matrices", swiglu, swiglu_fwd, swiglu_bwd, normal((5, 4), (4, 3), (4, 3))),
    custom("GEGLU, exact", geglu, normal((4, 5), (4, 5))),
    pair("GELU by tanh", gelu_tanh, gelu_tanh_backward, normal((4, 5))),
    custom("leaky ReLU, default slope", leaky_relu, normal((4, 5))),
    custom("leaky ReLU, another slope", leaky_relu, normal((4, 5), slope=0.3)),
    custom("clip, one bound by default", scaled_clip, normal((4, 5), low=-0.5)),
    pair("Mish", mish, mish_backward, normal((4, 5))),
    pair("ELU from its output", elu, elu_backward, normal((4, 5))),
    pair("hard swish", hard_swish, hard_swish_backward, normal((4, 5))),
    pair("squared ReLU", squared_relu, lambda p, g: (2 * jnp.maximum(p[0], 0) * g,), normal((4, 5))),
    pair("sparsemax", sparsemax, sparsemax_backward, normal((4, 5))),
    pair("soft cap from its output", soft_cap, lambda p, g: (g * (1 - (soft_cap(p[0]) / 30) ** 2),), normal((4, 5))),
    pair("log-sigmoid", log_sigmoid, lambda p, g: (g * jax.nn.sigmoid(-p[0]),), normal((4, 5))),
    pair("the larger of two halves", maxout, maxout_backward, normal((4, 6))),
    pair("sigmoid by hand", sigmoid, lambda p, g: (g * sigmoid(p[0]) * (1 - sigmoid(p[0])),), normal((4, 5))),
)

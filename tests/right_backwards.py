"""Right backward passes derived by hand, of networks and of functions that are awkward to check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

BATCH, N = 4, 6
Rng = np.random.Generator


@dataclass(frozen=True)
class Right:
    """A forward and its right backward; `draw(rng)` gives the primals in float64, to be cast to the dtype tried."""

    name: str
    forward: Callable
    backward: Callable
    draw: Callable[[Rng], tuple]

    def primals(self, seed: int, dtype: Any, scale: float = 1.0) -> tuple:
        def cast(a: Any) -> np.ndarray:
            a = np.asarray(a)
            return (a * scale).astype(dtype) if a.dtype.kind == "f" else a

        return jax.tree.map(cast, self.draw(np.random.default_rng(seed)))


def matrices(*shapes: tuple[int, ...]) -> Callable[[Rng], tuple]:
    """Standard normal primals; matrices are divided by the root of their last axis, as weights are."""
    return lambda rng: tuple(rng.standard_normal(s) / (s[-1] ** 0.5 if len(s) > 1 else 1) for s in shapes)


def mlp(W1: Any, b1: Any, W2: Any, b2: Any, x: Any) -> Any:
    return jax.nn.relu(x @ W1.T + b1[None]) @ W2.T + b2[None]


def mlp_backward(primals: tuple, y_bar: Any) -> tuple:
    W1, b1, W2, _, x = primals
    z = x @ W1.T + b1[None]
    z_bar = jnp.where(z > 0, y_bar @ W2, jnp.zeros_like(z))
    return z_bar.T @ x, z_bar.sum(0), y_bar.T @ jax.nn.relu(z), y_bar.sum(0), z_bar @ W1


def attention(x: Any, W_q: Any, W_k: Any, W_v: Any) -> Any:
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    return jax.nn.softmax(q @ k.T) @ v


def attention_backward(primals: tuple, y_bar: Any) -> tuple:
    x, W_q, W_k, W_v = primals
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    p = jax.nn.softmax(q @ k.T)
    p_bar = y_bar @ v.T
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True))
    q_bar, k_bar, v_bar = s_bar @ k, s_bar.T @ q, p.T @ y_bar
    return q_bar @ W_q.T + k_bar @ W_k.T + v_bar @ W_v.T, x.T @ q_bar, x.T @ k_bar, x.T @ v_bar


def layer_norm(x: Any, gain: Any, shift: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    s = jnp.sqrt((centred**2).mean(-1, keepdims=True) + jnp.asarray(1e-5, x.dtype))
    return centred / s * gain[None] + shift[None]


def layer_norm_backward(primals: tuple, y_bar: Any) -> tuple:
    x, gain, _ = primals
    centred = x - x.mean(-1, keepdims=True)
    s = jnp.sqrt((centred**2).mean(-1, keepdims=True) + jnp.asarray(1e-5, x.dtype))
    n, n_bar = centred / s, y_bar * gain[None]
    x_bar = (n_bar - n_bar.mean(-1, keepdims=True) - n * (n * n_bar).mean(-1, keepdims=True)) / s
    return x_bar, (y_bar * n).sum(0), y_bar.sum(0)


def gates(W: Any, b: Any, x: Any, h: Any) -> tuple:
    i, f, o, g = jnp.split(jnp.concatenate([x, h], -1) @ W.T + b[None], 4, axis=-1)
    return jax.nn.sigmoid(i), jax.nn.sigmoid(f), jax.nn.sigmoid(o), jnp.tanh(g)


def lstm_step(W: Any, b: Any, x: Any, h: Any, c: Any) -> dict:
    i, f, o, g = gates(W, b, x, h)
    c = f * c + i * g
    return {"h": o * jnp.tanh(c), "c": c}


def lstm_step_backward(primals: tuple, y_bar: dict) -> tuple:
    W, b, x, h, c = primals
    i, f, o, g = gates(W, b, x, h)
    t = jnp.tanh(f * c + i * g)
    c_bar = y_bar["c"] + y_bar["h"] * o * (1 - t * t)
    slopes = (c_bar * g * i * (1 - i), c_bar * c * f * (1 - f), y_bar["h"] * t * o * (1 - o), c_bar * i * (1 - g * g))
    z_bar = jnp.concatenate(slopes, -1)
    joined_bar = z_bar @ W
    return z_bar.T @ jnp.concatenate([x, h], -1), z_bar.sum(0), joined_bar[:, :N], joined_bar[:, N:], c_bar * f


def embed(table: Any, ids: Any) -> Any:
    return table[ids]


def embed_backward(primals: tuple, y_bar: Any) -> tuple:
    return jnp.zeros_like(primals[0]).at[primals[1]].add(y_bar), None


def masked_mean(x: Any, mask: Any) -> Any:
    count = jnp.maximum(mask.sum(), 1).astype(x.dtype)
    return jnp.where(mask[:, None], x, jnp.zeros_like(x)).sum(0) / count


def masked_mean_backward(primals: tuple, y_bar: Any) -> tuple:
    x, mask = primals
    count = jnp.maximum(mask.sum(), 1).astype(x.dtype)
    return jnp.where(mask[:, None], (y_bar / count)[None], jnp.zeros_like(x)), None


def cross_entropy(z: Any, labels: Any) -> Any:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=-1))


def cross_entropy_backward(primals: tuple, y_bar: Any) -> tuple:
    z, labels = primals
    onehot = jax.nn.one_hot(labels, z.shape[-1], dtype=z.dtype)
    return (jax.nn.softmax(z) - onehot) * (y_bar / jnp.asarray(len(labels), z.dtype)), None


def row_maximum(z: Any) -> Any:
    return z.max(axis=-1)


def row_maximum_backward(primals: tuple, y_bar: Any) -> tuple:
    """The last of several ties takes all."""
    z = primals[0]
    last = z.shape[-1] - 1 - z[:, ::-1].argmax(-1)
    return (jax.nn.one_hot(last, z.shape[-1], dtype=z.dtype) * y_bar[:, None],)


def log_sum_exp(z: Any) -> Any:
    return jax.nn.logsumexp(z, axis=-1)


def log_sum_exp_backward(primals: tuple, y_bar: Any) -> tuple:
    return (jax.nn.softmax(primals[0]) * y_bar[:, None],)


def huber(z: Any) -> Any:
    size = jnp.abs(z)
    return jnp.where(size < 1, z * z / 2, size - jnp.asarray(0.5, z.dtype))


def huber_backward(primals: tuple, y_bar: Any) -> tuple:
    return (jnp.clip(primals[0], -1, 1) * y_bar,)


def unit_rows(z: Any) -> Any:
    return z / jnp.sqrt((z * z).sum(-1, keepdims=True))


def unit_rows_backward(primals: tuple, y_bar: Any) -> tuple:
    z = primals[0]
    s = jnp.sqrt((z * z).sum(-1, keepdims=True))
    y = z / s
    return ((y_bar - y * (y * y_bar).sum(-1, keepdims=True)) / s,)


def silu(z: Any) -> Any:
    return z * jax.nn.sigmoid(z)


def silu_backward(primals: tuple, y_bar: Any) -> tuple:
    z = primals[0]
    s = jax.nn.sigmoid(z)
    return (y_bar * (s + z * s * (1 - s)),)


def scaled_rows(a: Any, z: Any) -> Any:
    """A column against a matrix: broadcast over the last axis."""
    return a * z


def scaled_rows_backward(primals: tuple, y_bar: Any) -> tuple:
    a, z = primals
    return (y_bar * z).sum(-1, keepdims=True), y_bar * a


def labelled(rng: Rng) -> tuple:
    return rng.standard_normal((BATCH, N)), rng.integers(0, N, BATCH)


def masked(rng: Rng) -> tuple:
    return rng.standard_normal((BATCH, N)), rng.uniform(size=BATCH) < 0.7


NETWORKS = (
    Right("MLP", mlp, mlp_backward, matrices((5, N), (5,), (3, 5), (3,), (BATCH, N))),
    Right("attention", attention, attention_backward, matrices((BATCH, N), (N, 5), (N, 5), (N, 3))),
    Right("layer norm", layer_norm, layer_norm_backward, matrices((BATCH, N), (N,), (N,))),
    Right(
        "LSTM step",
        lstm_step,
        lstm_step_backward,
        matrices((4 * 5, N + 5), (4 * 5,), (BATCH, N), (BATCH, 5), (BATCH, 5)),
    ),
)

AWKWARD = (
    Right("embedding", embed, embed_backward, lambda rng: (rng.standard_normal((N, 3)), rng.integers(0, N, BATCH))),
    Right("masked mean", masked_mean, masked_mean_backward, masked),
    Right("cross-entropy of labels", cross_entropy, cross_entropy_backward, labelled),
    Right("maximum, ties to the last", row_maximum, row_maximum_backward, matrices((BATCH, N))),
    Right("log-sum-exp", log_sum_exp, log_sum_exp_backward, matrices((BATCH, N))),
    Right("Huber", huber, huber_backward, matrices((BATCH, N))),
    Right("unit rows", unit_rows, unit_rows_backward, matrices((BATCH, N))),
    Right("SiLU", silu, silu_backward, matrices((BATCH, N))),
    Right("scaled rows", scaled_rows, scaled_rows_backward, matrices((BATCH, 1), (BATCH, N))),
)

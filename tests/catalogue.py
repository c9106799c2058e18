"""Every rule of the library with an independent reference: its definition written another way.

A rule without a reference here fails `tests/laws/test_catalogue.py`.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.rules.catalogue import CATALOGUE, SUBSETS, Entry


@dataclass(frozen=True)
class Case:
    """An entry of the catalogue; `reference(*inputs, *constants)` gives y of one example."""

    entry: Entry
    reference: Callable[..., Any]
    spread: Callable[..., Any] = lambda *inputs: inputs  # what takes the inputs away from a kink

    @property
    def rule(self) -> Callable[..., Any]:
        return self.entry.rule

    @property
    def name(self) -> str:
        return self.entry.rule_name

    def sample(self, seed: int, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """(inputs, constants): floats in the default precision, away from kinks."""
        rng = np.random.default_rng([zlib.crc32(self.entry.name.encode()), seed])
        drawn = self.spread(*self.entry.draw(rng, batch, n))
        drawn = jax.tree.map(lambda a: jnp.asarray(a, float if np.issubdtype(a.dtype, np.floating) else None), drawn)
        k = len(self.entry.shared)
        return drawn[:k], drawn[k:]

    def cotangents(self, J: Any, y_bar: Any) -> tuple[Any, ...]:
        """One cotangent an input, as a tuple also where there is one input."""
        x_bar = y_bar @ J
        several = type(x_bar) is tuple and not hasattr(x_bar, "_fields")
        return x_bar[: len(self.entry.shared)] if several else (x_bar,)


def away(z: Any) -> Any:
    return z + 0.1 * np.sign(z)


def distinct(z: Any) -> tuple[Any]:
    """Components in the same order, that differ by at least 0.1: away from ties."""
    return (0.2 * np.argsort(np.argsort(z, -1), -1) - 0.3 + 0.1 / (1 + np.exp(z)),)


def maxima(z: Any) -> Any:
    return jnp.stack([jnp.max(jnp.stack([z[i] for i in subset])) for subset in SUBSETS])


def randomised(z: Any) -> Any:
    return jnp.where(z < 0, z * ((1 / 8 + 1 / 3) / 2), z)


def less_than_normalised(z: Any, d: Any) -> tuple[Any, Any]:
    return z, 1.7 * d


def image_norm(p: Any, x: Any) -> Any:
    groups = jnp.stack(jnp.split(x, 2, -1))
    flat = jax.nn.standardize(groups.reshape(2, -1), -1, epsilon=1e-5)
    y = jnp.concatenate(list(flat.reshape(groups.shape)), -1)
    return p.gain[None, None] * y + p.bias[None, None]


def plain_attention(qkv: Any, causal: bool = False) -> Any:
    q, k, v = (jnp.broadcast_to(a, (2, *a.shape[1:])) for a in qkv[:3])
    s = jnp.einsum("hid,hjd->hij", q, k) / jnp.sqrt(3)
    s = jnp.where(np.tri(*s.shape[1:], dtype=bool)[None], s, -jnp.inf) if causal else s
    return jnp.einsum("hij,hjc->hic", jax.nn.softmax(s), v)


def turned(x: Any) -> Any:
    """As a product of complex numbers."""
    T, n = x.shape
    angle = np.arange(T)[:, None] * 10000.0 ** (-2 * np.arange(n // 2) / n)[None]
    z = jax.lax.complex(x[:, : n // 2], x[:, n // 2 :]) * jnp.asarray(np.exp(1j * angle))
    return jnp.concatenate([z.real, z.imag], -1)


def plain_lstm(p: Any, state_x: Any) -> Any:
    (h, c), x = state_x
    i, f, g, o = jnp.split(p.W_x @ x + p.W_h @ h + p.b, 4)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def plain_gru(p: Any, state_x: Any) -> Any:
    h, x = state_x
    (x_r, x_u, x_g), (h_r, h_u, h_g) = jnp.split(p.W_x @ x + p.b, 3), jnp.split(p.W_h @ h, 3)
    u = jax.nn.sigmoid(x_u + h_u)
    h = u * h + (1 - u) * jnp.tanh(x_g + jax.nn.sigmoid(x_r + h_r) * h_g)
    return h, h


def plain_rnn(p: Any, state_x: Any) -> Any:
    h = jnp.tanh(p.W_x @ state_x[1] + p.W_h @ state_x[0] + p.b)
    return h, h


def softplus(z: Any) -> Any:
    """In two branches, each smooth at 0: with max(z, 0) and |z| JAX's derivative at 0 would be 0."""
    below, above = jnp.where(z > 0, 0, z), jnp.where(z > 0, z, 0)
    return jnp.where(z > 0, z + jnp.log1p(jnp.exp(-above)), jnp.log1p(jnp.exp(below)))


def smoothed(z: Any, label: Any) -> Any:
    d = jax.nn.one_hot(label, z.size, dtype=z.dtype) * 0.9 + 0.1 / z.size
    return -jax.nn.log_softmax(z) @ d + 0.01 * jax.nn.logsumexp(z) ** 2


def tapped(p: Any, x: Any, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> Any:
    """Tap by tap: each sees every stride-th position, shifted by its place."""
    kernel, m = p.W.shape[:-2], p.W.shape[-1]
    x = jnp.pad(x, [(padding, padding)] * len(kernel) + [(0, 0)])
    n = [(size - dilation * (k - 1) - 1) // stride + 1 for size, k in zip(x.shape, kernel, strict=False)]
    y = jnp.broadcast_to(p.b, (*n, m))
    for tap in product(*map(range, kernel)):
        seen = x[
            tuple(slice(dilation * k, dilation * k + stride * (o - 1) + 1, stride) for k, o in zip(tap, n, strict=True))
        ]
        parts = zip(jnp.split(seen, groups, -1), jnp.split(p.W[tap], groups, -1), strict=True)
        y = y + jnp.concatenate([part @ W for part, W in parts], -1)
    return y


def untapped(p: Any, x: Any, stride: int, padding: int) -> Any:
    """Each position spreads over what it is multiplied with."""
    K, m, _ = p.W.shape
    y = jnp.zeros((stride * (len(x) - 1) + K, m))
    for k in range(K):
        y = y.at[k : k + stride * (len(x) - 1) + 1 : stride].add(x @ p.W[k].T)
    return y[padding : len(y) - padding] + p.b[None]


def step_by_step(x: Any, takes_back: bool = True) -> Any:
    """The gated delta rule as it is written."""

    def step(S: Any, at: Any) -> Any:
        q, k, v, log_decay, beta = at
        S = jnp.exp(log_decay) * S
        S = S + beta * jnp.outer(v - S @ k if takes_back else v, k)
        return S, S @ q

    S, y = jax.lax.scan(step, x.state, x[:5])
    return y, S


def adaptive(function: Any, x: Any) -> Any:
    """Three windows along the first axis, (0, 0), (0, 1), (1, 1) of 2 positions, and one along the second."""
    return jnp.stack([function(x[jnp.array(rows)].reshape(-1, x.shape[-1]), 0)[None] for rows in ([0], [0, 1], [1])])


def second_largest_and_first(z: Any) -> Any:
    order = jnp.argsort(-z)[:2]
    return jnp.zeros_like(z).at[order].set(jax.nn.softmax(z[order]))


REFERENCES: dict[str, Any] = {
    "identity": (lambda z: z,),
    "step": (lambda z: jnp.where(z < 0, jnp.zeros_like(z), jnp.ones_like(z)),),
    "relu": (jax.nn.relu,),
    "leaky_relu": (jax.nn.leaky_relu,),
    "leaky_relu, another slope": (lambda z: jnp.maximum(z, 0.3 * z),),
    "randomised_leaky_relu": (randomised,),
    "sigmoid": (jax.nn.sigmoid,),
    "tanh": (lambda z: 2 / (1 + jnp.exp(-2 * z)) - 1,),
    "absolute": (lambda z: jnp.maximum(z, -z),),
    "dropout": (lambda z: z,),
    "softmax": (jax.nn.softmax,),
    "log_softmax": (lambda z: z - jax.nn.logsumexp(z, keepdims=True),),
    "affine": (lambda p, y: p.W @ y + p.b,),
    "pair_product": (lambda z: z[::2] * z[1::2],),
    "power_product": (lambda alpha, z: jnp.exp(alpha.T @ jnp.log(z)),),
    "subset_max, ties split": (maxima, distinct),
    "subset_max, ties to the first": (maxima, distinct),
    "polynomial": (lambda c, z: sum(c[k] * z**k for k in range(4)),),
    "squared_error": (lambda y, d: jnp.vdot(y - d, y - d),),
    "absolute_error": (lambda y, d: jnp.linalg.norm(y - d, ord=1), lambda y, d: (d + away(y - d), d)),
    "binary_nll": (lambda y, d: -jnp.sum(jnp.log(y**d * (1 - y) ** (1 - d))),),
    "nll": (lambda y, d: -jnp.log(y) @ d,),
    "binary_kl": (lambda y, d: jnp.sum(jnp.log((d / y) ** d * ((1 - d) / (1 - y)) ** (1 - d))),),
    "kl": (lambda y, d: jnp.log(d / y) @ d,),
    "sigmoid_binary_nll": (lambda z, d: -jnp.sum(d * jax.nn.log_sigmoid(z) + (1 - d) * jax.nn.log_sigmoid(-z)),),
    "softmax_nll": (lambda z, d: -jax.nn.log_softmax(z) @ d, less_than_normalised),
    "logsumexp": (jax.nn.logsumexp,),
    "softplus": (softplus,),
    "elu": (jax.nn.elu,),
    "silu": (lambda z: z / (1 + jnp.exp(-z)),),
    "gelu": (lambda z: z * jax.scipy.stats.norm.cdf(z),),
    "gelu_tanh": (partial(jax.nn.gelu, approximate=True),),
    "mish": (jax.nn.mish,),
    "hardswish": (jax.nn.hard_swish,),
    "glu": (jax.nn.glu,),
    "swiglu": (lambda z: jax.nn.silu(z[: len(z) // 2]) * z[len(z) // 2 :],),
    "geglu": (lambda z: jax.nn.gelu(z[: len(z) // 2], approximate=False) * z[len(z) // 2 :],),
    "layer_norm": (lambda p, x: p.gain * jax.nn.standardize(x, epsilon=1e-5) + p.bias,),
    "rms_norm": (lambda g, x: g * x / jnp.sqrt(x @ x / x.size + 1e-5),),
    "l2_normalise": (lambda x: x / jnp.sqrt(x @ x + 1e-12),),
    "group_norm": (lambda p, x: p.gain * jax.nn.standardize(x.reshape(2, -1), -1, epsilon=1e-5).ravel() + p.bias,),
    "group_norm of an image": (image_norm,),
    "attention": (plain_attention,),
    "attention, causal": (partial(plain_attention, causal=True),),
    "embedding": (lambda E, token: jax.nn.one_hot(token, 5, dtype=E.dtype) @ E,),
    "linear": (lambda W, x: W @ x,),
    "position": (lambda P, x: x + P[:3],),
    "rope": (turned,),
    "lstm": (plain_lstm,),
    "gru": (plain_gru,),
    "simple_rnn": (plain_rnn,),
    "label_nll": (lambda z, label: jax.nn.logsumexp(z) - z[label],),
    "label_nll, smoothing": (smoothed,),
    "convolution": (partial(tapped, stride=2, padding=1, groups=2),),
    "convolution of an image": (partial(tapped, padding=1, dilation=2),),
    "transposed_convolution": (partial(untapped, stride=2, padding=1),),
    "max_pool": (lambda x: x.reshape(1, 2, 2, 2, -1).max((1, 3)),),
    "mean_pool": (lambda x: x.reshape(2, 2, 2, -1).mean(2),),
    "adaptive_max_pool": (partial(adaptive, jnp.max),),
    "adaptive_mean_pool": (partial(adaptive, jnp.mean),),
    "gated_delta_rule": (step_by_step,),
    "gated_delta_rule, nothing taken back": (partial(step_by_step, takes_back=False),),
    "batch_norm": (lambda p, x: p.gain * (x - p.mean) / jnp.sqrt(p.variance + 1e-5) + p.bias,),
    "contraction": (lambda a, b, c: (a @ jnp.diag(c) @ b).T,),
    "solve": (lambda A, b: jnp.linalg.inv(A) @ b,),
    "cholesky_solve": (lambda A, b: jnp.linalg.inv((A + A.T) / 2) @ b,),
    "log_determinant": (lambda A: jnp.log(jnp.abs(jnp.linalg.det(A))),),
    "lora": (lambda p, x: (p.W + 0.5 * p.B @ p.A) @ x + p.b,),
    "top_k_softmax": (second_largest_and_first,),
    "expert_linear": (lambda W, x, e: W[e] @ x,),
}
ELSEWHERE = {
    "dropout with a key": "tests/rules/test_dropout.py: a mask is no formula",
    "linear_nll": "tests/rules/test_labels.py: a loss of the whole batch",
    "linear_kl": "tests/rules/test_distillation.py: a loss of the whole batch",
}


def case_of(entry: Entry) -> Case:
    reference, *spread = REFERENCES[entry.name]
    default = [lambda z: (away(z),)] if entry.has_kink and entry.shared == (False,) else []
    return Case(entry, reference, *(spread or default))


CASES = tuple(case_of(entry) for entry in CATALOGUE if entry.name not in ELSEWHERE)


def case_id(case: Case) -> str:
    return case.entry.name


def batched(function: Callable[..., Any], shared: tuple[bool, ...], batch: tuple[int, ...]) -> Callable[..., Any]:
    """A function of one example, over any leading batch axes; shared inputs have none of them."""
    in_axes = tuple(None if is_shared else 0 for is_shared in shared)
    for _ in batch:
        function = jax.vmap(function, in_axes=in_axes)
    return function


def of_one_kind(tree: Any, dtype: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf.astype(dtype), tree)


def size_of(batch: tuple[int, ...]) -> int:
    return math.prod(batch)

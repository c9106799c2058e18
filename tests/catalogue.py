"""Every rule of the library with an independent reference: its definition written another way.

A rule without a reference here fails `tests/laws/test_catalogue.py`.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
    "max_pool": (lambda x: x.reshape(1, 2, 2, 2, -1).max((1, 3)),),
    "mean_pool": (lambda x: x.reshape(2, 2, 2, -1).mean(2),),
}
ELSEWHERE = {
    "dropout with a key": "tests/rules/test_dropout.py: a mask is no formula",
    "linear_nll": "tests/rules/test_labels.py: a loss of the whole batch",
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

"""Backward passes of small networks as people write them by hand, each with a switch for the mistakes people make.

They share no code with the checker: every product, sum and derivative is written out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Network:
    """`backward(primals, y_bar, fault)` is right for the fault None; `faults` maps names to the kinds that are true."""

    name: str
    forward: Callable
    backward: Callable
    primals: tuple
    faults: dict[str, str] = field(hash=False)


def networks() -> Iterator[Network]:
    yield from (affine_tanh(), layer_norm(), attention(), residual_block(), cross_entropy(), lstm())
    yield from (recurrent(), convolution(), bilinear(), batch_norm())
    yield from (mlp(name) for name in ACTIVATIONS)


def wrong(network: Network, fault: str | None) -> Callable:
    return partial(network.backward, fault=fault)


def numbers(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype("float32") for shape in shapes]


def affine_tanh() -> Network:
    def forward(W, b, x):
        z = x @ W + b
        return jnp.tanh(z)

    def backward(primals, y_bar, fault):
        W, b, x = primals
        z = x @ W + b
        y = jnp.tanh(z)
        slope = 1 - y**2
        slope = {
            "no derivative": jnp.ones_like(y),
            "derivative twice": slope**2,
            "derivative at z": 1 - z**2,
            "sigmoid's derivative": y * (1 - y),
            "1 − y": 1 - y,
            "derivative at y": 1 - jnp.tanh(y) ** 2,
            "sign": -slope,
        }.get(fault, slope)
        z_bar = y_bar * slope
        W_bar = (y if fault == "W̄ at y" else x).T @ (y_bar if fault == "W̄ without it" else z_bar)
        b_bar = z_bar.mean(0) if fault == "b̄ averaged" else z_bar[0] if fault == "b̄ of one row" else z_bar.sum(0)
        return W_bar, b_bar, z_bar @ (W if fault == "W not transposed" else W.T)

    return Network(
        "affine + tanh",
        forward,
        backward,
        tuple(numbers(0, (5, 5), (5,), (6, 5))),
        {
            "no derivative": "missing factor",
            "derivative twice": "extra factor|extra term",
            "derivative at z": "wrong residual",
            "sigmoid's derivative": "wrong residual",
            "1 − y": "wrong residual",
            "derivative at y": "wrong residual",
            "sign": "sign",
            "W̄ at y": "wrong residual",
            "W̄ without it": "missing factor",
            "b̄ averaged": "factor",
            "b̄ of one row": "missing sum",
            "W not transposed": "transposed",
        },
    )


def sigmoid(z):
    return 1 / (1 + jnp.exp(-z))


def silu_slope(z):
    return sigmoid(z) * (1 + z * (1 - sigmoid(z)))


def gelu_slope(z):
    inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    t = jnp.tanh(inner)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)


ACTIVATIONS = {
    "relu": (jax.nn.relu, lambda z: (z > 0).astype(z.dtype)),
    "gelu": (jax.nn.gelu, gelu_slope),
}


def mlp(name: str) -> Network:
    """Half the mean over the batch of |y − t|², y of three layers."""
    act, slope = ACTIVATIONS[name]

    def forward(params, x, t):
        (W1, b1), (W2, b2), (W3, b3) = params
        h1 = act(x @ W1 + b1)
        h2 = act(h1 @ W2 + b2)
        y = h2 @ W3 + b3
        return 0.5 * jnp.mean(jnp.sum((y - t) ** 2, axis=-1))

    def backward(primals, loss_bar, fault):
        ((W1, b1), (W2, b2), (W3, b3)), x, t = primals
        z1 = x @ W1 + b1
        h1 = act(z1)
        z2 = h1 @ W2 + b2
        h2 = act(z2)
        y = h2 @ W3 + b3
        slope1, slope2 = slope(z1), slope(z2)
        if fault in ("no derivative in layer 1", "no derivative"):
            slope1 = 1.0
        if fault in ("no derivative in layer 2", "no derivative"):
            slope2 = 1.0
        if fault in ("derivative twice", "derivative twice in layer 2"):
            slope2 = slope2**2
        if fault == "derivative twice":
            slope1 = slope1**2
        if fault == "derivative at the output":
            slope2 = slope(h2)
        if fault == "derivative of the wrong layer":
            slope1 = slope(z2)
        y_bar = loss_bar * (y - t) / (1 if fault == "no 1/N" else len(x))
        W3_bar = (z2 if fault == "W̄3 at z2" else h2).T @ y_bar
        z2_bar = (y_bar @ W3.T) * slope2
        W2_bar = (z1 if fault == "W̄2 at z1" else x if fault == "W̄2 at x" else h1).T @ z2_bar
        through = {"W2 not transposed": W2, "W1 for W2": W1.T}.get(fault, W2.T)
        h1_bar = z2_bar @ through
        z1_bar = h1_bar * slope1 * (-1 if fault == "sign in layer 1" else 1)
        W1_bar = x.T @ z1_bar
        if fault == "W̄1 and W̄2 swapped":
            W1_bar, W2_bar = W2_bar, W1_bar
        b2_bar = z2_bar.mean(0) if fault == "b̄2 averaged" else z2_bar.sum(0)
        t_bar = jnp.zeros_like(t) if fault == "t̄ forgotten" else -y_bar
        return ((W1_bar, z1_bar.sum(0)), (W2_bar, b2_bar), (W3_bar, y_bar.sum(0))), z1_bar @ W1.T, t_bar

    faults = {
        "no derivative in layer 1": "missing factor",
        "no derivative in layer 2": "missing factor",
        "no derivative": "missing factor",
        "derivative twice": "extra factor|extra term",
        "derivative twice in layer 2": "extra factor|extra term",
        "derivative at the output": "wrong residual",
        "derivative of the wrong layer": "wrong residual",
        "no 1/N": "factor",
        "W̄3 at z2": "wrong residual",
        "W̄2 at z1": "wrong residual",
        "W̄2 at x": "wrong residual",
        "W2 not transposed": "transposed",
        "W1 for W2": "wrong residual",
        "sign in layer 1": "sign",
        "W̄1 and W̄2 swapped": "swapped",
        "b̄2 averaged": "factor",
        "t̄ forgotten": "missing term",
    }
    activation_only = {name: kinds for name, kinds in faults.items() if "derivative" in name}
    smooth_only = {"derivative twice", "derivative twice in layer 2", "derivative at the output"}  # relu's is 0 or 1
    faults = {k: v for k, v in faults.items() if k not in smooth_only} if name == "relu" else activation_only
    W1, b1, W2, b2, W3, b3, x, t = numbers(1, (5, 5), (5,), (5, 5), (5,), (5, 3), (3,), (6, 5), (6, 3))
    return Network(f"MLP, {name}", forward, backward, (((W1, b1), (W2, b2), (W3, b3)), x, t), faults)


def layer_norm() -> Network:
    def forward(x, gamma, beta, W):
        mu = x.mean(-1, keepdims=True)
        var = ((x - mu) ** 2).mean(-1, keepdims=True)
        n = (x - mu) / jnp.sqrt(var + 1e-5)
        return jnp.tanh((n * gamma + beta) @ W)

    def backward(primals, y_bar, fault):
        x, gamma, beta, W = primals
        centred = x - x.mean(-1, keepdims=True)
        sigma = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        n = centred / sigma
        h = n * gamma + beta
        y = jnp.tanh(h @ W)
        z_bar = y_bar if fault == "no derivative" else y_bar * (1 - y**2)
        h_bar = z_bar @ (W if fault == "W not transposed" else W.T)
        n_bar = h_bar if fault == "no γ" else h_bar * gamma
        axis = 0 if fault == "means over the batch" else -1
        mean = n_bar.mean(axis, keepdims=True)
        projection = n * (n_bar * n).mean(axis, keepdims=True)
        if fault in ("no mean term", "statistics constant"):
            mean = 0.0
        if fault in ("no projection", "statistics constant"):
            projection = 0.0
        if fault == "projection added":
            projection = -projection
        if fault == "N − 1":
            projection = projection * x.shape[-1] / (x.shape[-1] - 1)
        x_bar = n_bar - mean - projection
        x_bar = x_bar / {"no 1/σ": 1.0, "1/σ²": sigma**2}.get(fault, sigma)
        gamma_bar = (h_bar * (x if fault == "γ̄ at x" else n)).sum(0)
        beta_bar = h_bar.mean(0) if fault == "β̄ averaged" else h_bar.sum(0)
        return x_bar, gamma_bar, beta_bar, (n if fault == "W̄ at n" else h).T @ z_bar

    return Network(
        "layer norm + affine",
        forward,
        backward,
        tuple(numbers(2, (6, 5), (5,), (5,), (5, 5))),
        {
            "no derivative": "missing factor",
            "W not transposed": "transposed",
            "no γ": "missing factor",
            "means over the batch": "wrong axis",
            "no mean term": "missing term",
            "no projection": "missing term",
            "statistics constant": "missing term",
            "projection added": "sign",
            "N − 1": "factor",
            "no 1/σ": "missing factor",
            "1/σ²": "extra factor",
            "γ̄ at x": "wrong residual",
            "β̄ averaged": "factor",
            "W̄ at n": "wrong residual",
        },
    )


def attention() -> Network:
    def forward(x, Wq, Wk, Wv, Wo):
        q, k, v = x @ Wq, x @ Wk, x @ Wv
        scores = q @ k.T / jnp.sqrt(q.shape[-1])
        causal = jnp.tril(jnp.ones((len(x), len(x)), bool))
        p = jax.nn.softmax(jnp.where(causal, scores, -1e9))
        return (p @ v) @ Wo

    def softmax(s):
        e = jnp.exp(s - s.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def backward(primals, y_bar, fault):
        x, Wq, Wk, Wv, Wo = primals
        root = np.float32(np.sqrt(Wq.shape[1]))
        q, k, v = x @ Wq, x @ Wk, x @ Wv
        scores = q @ k.T / root
        masked = jnp.where(np.tril(np.ones((len(x), len(x)), bool)), scores, -1e9)
        p = softmax(scores if fault == "no causal mask" else masked)
        o = p @ v
        o_bar = y_bar @ (Wo if fault == "Wo not transposed" else Wo.T)
        p_bar = o_bar @ v.T
        v_bar = (p if fault == "p not transposed" else p.T) @ o_bar
        axis = {"softmax over the wrong axis": 0, "softmax over both axes": None}.get(fault, -1)
        total = (p * p_bar).sum(axis, keepdims=True)
        total = {"softmax without its sum": 0 * total, "sum added": -total, "mean for sum": total / len(x)}.get(
            fault, total
        )
        outer = 1.0 if fault == "no outer p" else masked if fault == "p not recomputed" else p
        s_bar = p * (1 - p) * p_bar if fault == "diagonal only" else outer * (p_bar - total)
        s_bar = s_bar / {"no 1/√d": 1.0, "1/d": root**2}.get(fault, root)
        q_bar = s_bar @ (q if fault == "q̄ at q" else k)
        k_bar = (s_bar if fault == "s̄ not transposed" else s_bar.T) @ q
        through_k = 0.0 if fault == "path through k dropped" else k_bar @ Wk.T
        x_bar = q_bar @ Wq.T + through_k + v_bar @ Wv.T
        if fault == "W̄q and W̄k swapped":
            q_bar, k_bar = k_bar, q_bar
        W_v = x.T @ (v_bar * len(x) if fault == "W̄v times T" else v_bar)
        return x_bar, x.T @ q_bar, x.T @ k_bar, W_v, o.T @ y_bar

    return Network(
        "attention head",
        forward,
        backward,
        tuple(numbers(3, (4, 5), (5, 3), (5, 3), (5, 3), (3, 3))),
        {
            "no causal mask": "mask",
            "Wo not transposed": "transposed",
            "p not transposed": "transposed",
            "softmax over the wrong axis": "wrong axis",
            "softmax over both axes": "wrong axis",
            "softmax without its sum": "missing term",
            "sum added": "sign",
            "mean for sum": "factor",
            "no outer p": "missing factor",
            "diagonal only": "missing term",
            "no 1/√d": "factor|missing factor",
            "1/d": "factor|extra factor",
            "q̄ at q": "wrong residual",
            "s̄ not transposed": "transposed",
            "path through k dropped": "missing term",
            "W̄q and W̄k swapped": "swapped",
            "W̄v times T": "factor",
        },
    )


def residual_block() -> Network:
    def forward(x, W1, b1, W2):
        h = jnp.tanh(x @ W1 + b1)
        return x + h @ W2

    def backward(primals, y_bar, fault):
        x, W1, b1, W2 = primals
        z = x @ W1 + b1
        h = jnp.tanh(z)
        h_bar = y_bar @ (W2 if fault == "W2 not transposed" else W1.T if fault == "layers in the wrong order" else W2.T)
        slope = {"no derivative": jnp.ones_like(z), "derivative at z": 1 - z**2}.get(fault, 1 - h**2)
        z_bar = h_bar * slope
        back = W1 if fault == "W1 not transposed" else W2.T if fault == "layers in the wrong order" else W1.T
        branch = z_bar @ back
        skip = {"skip dropped": 0.0, "skip twice": 2.0, "skip's sign": -1.0, "skip halved": 0.5}.get(fault, 1.0)
        x_bar = skip * y_bar + (0.0 if fault == "branch dropped" else branch)
        W2_bar = (z if fault == "W̄2 at z" else h).T @ y_bar
        return x_bar, (h if fault == "W̄1 at h" else x).T @ z_bar, z_bar.sum(0), W2_bar

    return Network(
        "residual block",
        forward,
        backward,
        tuple(numbers(4, (6, 4), (4, 4), (4,), (4, 4))),
        {
            "W2 not transposed": "transposed",
            "W1 not transposed": "transposed",
            "layers in the wrong order": "wrong residual",
            "no derivative": "missing factor",
            "derivative at z": "wrong residual",
            "skip dropped": "missing term",
            "skip twice": "extra term",
            "skip's sign": "sign",
            "skip halved": "factor",
            "branch dropped": "missing term|missing factor",
            "W̄2 at z": "wrong residual",
            "W̄1 at h": "wrong residual",
        },
    )


def cross_entropy() -> Network:
    def forward(W1, b1, W2, b2, x, labels, keep):
        h = jnp.tanh(x @ W1 + b1)
        h = jnp.where(keep, h, 0) / 0.75
        logits = h @ W2 + b2
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)
        return -jnp.mean(chosen)

    def backward(primals, loss_bar, fault):
        W1, b1, W2, b2, x, labels, keep = primals
        t = jnp.tanh(x @ W1 + b1)
        h = jnp.where(keep, t, 0) / 0.75
        logits = h @ W2 + b2
        axis = 0 if fault == "softmax over the batch" else -1
        e = jnp.exp(logits - logits.max(axis, keepdims=True))
        p = e / e.sum(axis, keepdims=True)
        shifted = (labels + 1) % logits.shape[1] if fault == "labels off by one" else labels
        onehot = (shifted[:, None] == jnp.arange(logits.shape[1])).astype(p.dtype)
        difference = {
            "no one-hot": p,
            "no softmax": -onehot,
            "at the logits": logits - onehot,
            "one-hot added": p + onehot,
        }.get(fault, p - onehot)
        N = {"no 1/N": 1, "1/(N · classes)": p.size}.get(fault, len(x))
        logits_bar = loss_bar * difference / N
        h_bar = logits_bar @ W2.T / (1 if fault == "dropout's scale forgotten" else 0.75)
        t_bar = h_bar if fault == "dropout's mask forgotten" else jnp.where(keep, h_bar, 0)
        t_bar = jnp.where(keep, 0, h_bar) if fault == "dropout's mask inverted" else t_bar
        slope = {"no derivative": jnp.ones_like(t), "derivative twice": (1 - t**2) ** 2}.get(fault, 1 - t**2)
        slope = 1 - h**2 if fault == "derivative at h" else slope
        z_bar = t_bar * slope
        W2_bar = (t if fault == "W̄2 at t" else h).T @ logits_bar
        b1_bar = z_bar.mean(0) if fault == "b̄1 averaged" else z_bar.sum(0)
        return x.T @ z_bar, b1_bar, W2_bar, logits_bar.sum(0), z_bar @ W1.T, None, None

    W1, b1, W2, b2, x = numbers(5, (4, 5), (5,), (5, 3), (3,), (6, 4))
    rng = np.random.default_rng(6)
    labels, keep = rng.integers(0, 3, 6), rng.random((6, 5)) < 0.75
    return Network(
        "cross-entropy of an MLP",
        forward,
        backward,
        (W1, b1, W2, b2, x, labels, keep),
        {
            "softmax over the batch": "wrong axis",
            "labels off by one": "permuted",
            "no one-hot": "missing term",
            "no softmax": "missing term",
            "at the logits": "wrong residual",
            "one-hot added": "sign",
            "no 1/N": "factor",
            "1/(N · classes)": "factor",
            "dropout's scale forgotten": "factor|missing factor",
            "dropout's mask forgotten": "mask|few elements",
            "dropout's mask inverted": "mask|few elements",
            "no derivative": "missing factor",
            "derivative twice": "extra factor",
            "derivative at h": "wrong residual",
            "W̄2 at t": "wrong residual",
            "b̄1 averaged": "factor",
        },
    )


def lstm() -> Network:
    """Three steps in a Python loop; the output is the last h."""

    def forward(Wx, Wh, b, xs):
        n = Wh.shape[0]
        h = c = jnp.zeros((xs.shape[1], n), xs.dtype)
        for x in xs:
            z = x @ Wx + h @ Wh + b
            i, f, o = jax.nn.sigmoid(z[:, :n]), jax.nn.sigmoid(z[:, n : 2 * n]), jax.nn.sigmoid(z[:, 2 * n : 3 * n])
            g = jnp.tanh(z[:, 3 * n :])
            c = f * c + i * g
            h = o * jnp.tanh(c)
        return h

    def backward(primals, y_bar, fault):
        Wx, Wh, b, xs = primals
        n = Wh.shape[0]
        h = c = jnp.zeros((xs.shape[1], n), xs.dtype)
        kept = []
        for x in xs:
            z = x @ Wx + h @ Wh + b
            i, f, o = sigmoid(z[:, :n]), sigmoid(z[:, n : 2 * n]), sigmoid(z[:, 2 * n : 3 * n])
            g = jnp.tanh(z[:, 3 * n :])
            before = h, c
            c = f * c + i * g
            h = o * jnp.tanh(c)
            kept.append((x, i, f, o, g, c, h, *before))
        Wx_bar, Wh_bar, b_bar, x_bars = jnp.zeros_like(Wx), jnp.zeros_like(Wh), jnp.zeros_like(b), []
        h_bar, c_bar = y_bar, jnp.zeros_like(y_bar)
        for x, i, f, o, g, c, h, h_before, c_before in reversed(kept):
            t = jnp.tanh(c)
            o_bar = h_bar * (c if fault == "ō at c" else t)
            c_bar = c_bar + h_bar * o * (1.0 if fault == "no tanh′ of c" else 1 - t**2)
            i_bar, g_bar = c_bar * (i if fault == "ī at i" else g), c_bar * (g if fault == "ḡ at g" else i)
            f_bar = c_bar * (c if fault == "f̄ at the new c" else c_before)
            slope_i = {"no σ′ of i": 1.0, "one factor of σ′": i}.get(fault, i * (1 - i))
            slope_f = 1 - f**2 if fault == "tanh′ for f" else f * (1 - f)
            slope_o = (o * (1 - o)) ** 2 if fault == "σ′ of o twice" else o * (1 - o)
            slope_g = 1.0 if fault == "no tanh′ of g" else 1 - g**2
            z_bar = jnp.concatenate([i_bar * slope_i, f_bar * slope_f, o_bar * slope_o, g_bar * slope_g], -1)
            now_x, now_h = x.T @ z_bar, (h if fault == "W̄h at the new h" else h_before).T @ z_bar
            Wx_bar = now_x if fault == "W̄x overwritten" else Wx_bar + now_x
            Wh_bar, b_bar = Wh_bar + now_h, b_bar + (z_bar.mean(0) if fault == "b̄ averaged" else z_bar.sum(0))
            x_bars.insert(0, z_bar @ Wx.T)
            h_bar = jnp.zeros_like(h) if fault == "h̄ not carried back" else z_bar @ Wh.T
            c_bar = jnp.zeros_like(c) if fault == "c̄ not carried back" else c_bar * (1 if fault == "no f" else f)
        return Wx_bar, Wh_bar, b_bar, jnp.stack(x_bars)

    return Network(
        "LSTM",
        forward,
        backward,
        tuple(numbers(7, (4, 12), (3, 12), (12,), (3, 2, 4))),
        {
            "ō at c": "wrong residual",
            "no tanh′ of c": "missing factor",
            "ī at i": "wrong residual",
            "ḡ at g": "wrong residual",
            "f̄ at the new c": "wrong residual",
            "no σ′ of i": "missing factor",
            "one factor of σ′": "missing factor|wrong residual",
            "tanh′ for f": "wrong residual",
            "σ′ of o twice": "extra factor",
            "no tanh′ of g": "missing factor",
            "W̄h at the new h": "wrong residual",
            "W̄x overwritten": "missing term|missing sum",
            "b̄ averaged": "factor",
            "h̄ not carried back": "missing term",
            "c̄ not carried back": "missing term",
            "no f": "missing factor",
        },
    )


def recurrent() -> Network:
    """Four steps of tanh(x Wx + h Wh + b) in a `lax.scan`; the output is every h."""

    def forward(Wx, Wh, b, h, xs):
        def step(h, x):
            h = jnp.tanh(x @ Wx + h @ Wh + b)
            return h, h

        return jax.lax.scan(step, h, xs)[1]

    def backward(primals, y_bar, fault):
        Wx, Wh, b, h, xs = primals
        kept = []
        for x in xs:
            before, z = h, x @ Wx + h @ Wh + b
            h = jnp.tanh(z)
            kept.append((x, before, z, h))
        Wx_bar, Wh_bar, b_bar, x_bars = jnp.zeros_like(Wx), jnp.zeros_like(Wh), jnp.zeros_like(b), []
        h_bar = jnp.zeros_like(h)
        for g, (x, before, z, h) in zip(y_bar[::-1], kept[::-1], strict=True):
            slope = {
                "no derivative": jnp.ones_like(h),
                "derivative twice": (1 - h**2) ** 2,
                "derivative at z": 1 - z**2,
                "sigmoid's derivative": h * (1 - h),
            }.get(fault, 1 - h**2)
            z_bar = (g + h_bar) * slope
            Wx_bar, b_bar = Wx_bar + x.T @ z_bar, b_bar + (z_bar.mean(0) if fault == "b̄ averaged" else z_bar.sum(0))
            now = {"W̄h at the new h": h, "W̄h at z": z}.get(fault, before).T @ z_bar
            Wh_bar = Wh_bar - now if fault == "W̄h subtracted" else Wh_bar + now
            x_bars.insert(0, z_bar @ Wx.T)
            h_bar = z_bar @ (Wh if fault == "Wh not transposed" else Wh.T)
            h_bar = {"not carried back": 0.0, "carried back twice": 2.0}.get(fault, 1.0) * h_bar
        x_bars = jnp.stack(x_bars)
        return Wx_bar, Wh_bar, b_bar, h_bar, jnp.roll(x_bars, 1, 0) if fault == "x̄ off by one" else x_bars

    return Network(
        "recurrent cell in a scan",
        forward,
        backward,
        tuple(numbers(8, (3, 4), (4, 4), (4,), (2, 4), (4, 2, 3))),
        {
            "no derivative": "missing factor",
            "derivative twice": "extra factor",
            "derivative at z": "wrong residual",
            "sigmoid's derivative": "wrong residual",
            "b̄ averaged": "factor",
            "W̄h at the new h": "wrong residual",
            "W̄h at z": "wrong residual",
            "W̄h subtracted": "sign",
            "Wh not transposed": "transposed",
            "not carried back": "missing term",
            "carried back twice": "extra term|factor",
            "x̄ off by one": "permuted",
        },
    )


def convolution() -> Network:
    """A 3 × 3 convolution (as many channels out as in), relu, and the mean over all places."""

    def forward(x, K, b):
        z = jax.lax.conv_general_dilated(x, K, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b
        return jnp.maximum(z, 0).mean((1, 2))

    def windows(x):
        padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return [[padded[:, i : i + x.shape[1], j : j + x.shape[2]] for j in range(3)] for i in range(3)]

    def backward(primals, y_bar, fault):
        x, K, b = primals
        z = sum(windows(x)[i][j] @ K[i, j] for i in range(3) for j in range(3)) + b
        places = 1 if fault == "no mean" else x.shape[1] * x.shape[2]
        a_bar = jnp.broadcast_to(y_bar[:, None, None], z.shape) / places
        z_bar = a_bar if fault == "no derivative" else jnp.where(z < 0 if fault == "relu inverted" else z > 0, a_bar, 0)
        flat = z_bar.reshape(-1, z.shape[-1])
        K_bar = jnp.stack([jnp.stack([w.reshape(-1, x.shape[-1]).T @ flat for w in row]) for row in windows(x)])
        K_bar = K_bar[::-1, ::-1] if fault == "K̄ flipped" else K_bar
        flipped = K if fault == "kernel not flipped" else K[::-1, ::-1]
        flipped = flipped if fault == "channels not exchanged" else jnp.swapaxes(flipped, 2, 3)
        x_bar = sum(windows(z_bar)[i][j] @ flipped[i, j] for i in range(3) for j in range(3))
        b_bar = z_bar.mean((0, 1, 2)) if fault == "b̄ averaged" else z_bar.sum((0, 1, 2))
        return -x_bar if fault == "sign" else x_bar, K_bar, b_bar

    return Network(
        "convolution + relu",
        forward,
        backward,
        tuple(numbers(9, (2, 4, 5, 3), (3, 3, 3, 3), (3,))),
        {
            "no mean": "factor",
            "no derivative": "missing factor|mask",
            "relu inverted": "mask|wrong residual",
            "K̄ flipped": "permuted",
            "kernel not flipped": "permuted",
            "channels not exchanged": "transposed",
            "b̄ averaged": "factor",
            "sign": "sign",
        },
    )


def bilinear() -> Network:
    """silu(yₖ) with yₖ = Σ aᵢ Aᵢⱼₖ bⱼ, for each row."""

    def forward(a, A, b):
        y = jnp.einsum("ni,ijk,nj->nk", a, A, b)
        return jax.nn.silu(y)

    def backward(primals, s_bar, fault):
        a, A, b = primals
        y = jnp.einsum("ni,ijk,nj->nk", a, A, b)
        slope = {
            "no derivative": jnp.ones_like(y),
            "sigmoid alone": sigmoid(y),
            "derivative twice": silu_slope(y) ** 2,
        }.get(fault, silu_slope(y))
        slope = -slope if fault == "sign" else slope
        g = s_bar * slope
        swapped = jnp.swapaxes(A, 0, 1)
        a_bar = jnp.einsum("nk,ijk,nj->ni", g, swapped if fault == "A transposed for ā" else A, b)
        b_bar = jnp.einsum("nk,ijk,ni->nj", g, swapped if fault == "A transposed for b̄" else A, a)
        if fault == "ā at a":
            a_bar = jnp.einsum("nk,ijk,nj->ni", g, A, a)
        A_bar = jnp.einsum("nk,ni,nj->ijk", g, a, a if fault == "Ā at a twice" else b)
        A_bar = A_bar / len(a) if fault == "Ā averaged" else A_bar
        return a_bar, A_bar, b_bar

    return Network(
        "bilinear form + silu",
        forward,
        backward,
        tuple(numbers(10, (5, 4), (4, 4, 3), (5, 4))),
        {
            "no derivative": "missing factor",
            "sigmoid alone": "missing term",
            "derivative twice": "extra factor",
            "sign": "sign",
            "A transposed for ā": "transposed",
            "A transposed for b̄": "transposed",
            "ā at a": "wrong residual",
            "Ā at a twice": "wrong residual",
            "Ā averaged": "factor",
        },
    )


def batch_norm() -> Network:
    def forward(x, W, gamma, beta, V):
        z = x @ W
        n = (z - z.mean(0)) / jnp.sqrt(z.var(0) + 1e-3)
        return jax.nn.relu(n * gamma + beta) @ V

    def backward(primals, y_bar, fault):
        x, W, gamma, beta, V = primals
        z = x @ W
        sigma = jnp.sqrt(((z - z.mean(0)) ** 2).mean(0) + 1e-3)
        n = (z - z.mean(0)) / sigma
        u = n * gamma + beta
        h = jnp.maximum(u, 0)
        h_bar = y_bar @ (V if fault == "V not transposed" else V.T)
        u_bar = h_bar if fault == "no relu′" else jnp.where((n if fault == "relu′ at n" else u) > 0, h_bar, 0)
        n_bar = u_bar if fault == "no γ" else u_bar * gamma
        axis = 1 if fault == "means over the features" else 0
        mean = n_bar.mean(axis, keepdims=True)
        projection = n * (n_bar * n).mean(axis, keepdims=True)
        mean = 0.0 if fault in ("mean constant", "statistics constant") else mean
        projection = 0.0 if fault in ("variance constant", "statistics constant") else projection
        projection = -projection if fault == "projection added" else projection
        projection = projection * len(x) / (len(x) - 1) if fault == "N − 1" else projection
        z_bar = (n_bar - mean - projection) / (1 if fault == "no 1/σ" else sigma)
        gamma_bar = (u_bar * (z if fault == "γ̄ at z" else n)).sum(0)
        beta_bar = u_bar.mean(0) if fault == "β̄ averaged" else u_bar.sum(0)
        return z_bar @ W.T, x.T @ z_bar, gamma_bar, beta_bar, (u if fault == "V̄ at u" else h).T @ y_bar

    return Network(
        "batch norm",
        forward,
        backward,
        tuple(numbers(11, (6, 3), (3, 4), (4,), (4,), (4, 4))),
        {
            "V not transposed": "transposed",
            "no relu′": "missing factor",
            "relu′ at n": "wrong residual",
            "no γ": "missing factor",
            "means over the features": "wrong axis",
            "mean constant": "missing term",
            "variance constant": "missing term",
            "statistics constant": "missing term",
            "projection added": "sign",
            "N − 1": "factor",
            "no 1/σ": "missing factor",
            "γ̄ at z": "wrong residual",
            "β̄ averaged": "factor",
            "V̄ at u": "wrong residual",
        },
    )

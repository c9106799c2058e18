"""The rules of today's networks against jax.grad of their plain forward: temporary memory and speed.

    python -m benchmarks.modern_rules [NAME …] [--rounds N] [--json FILE]

Both sides give y, and all cotangents for a given ȳ, in one jitted program; they run in one process, alternating. Memory
is what the compiled program takes besides its inputs and outputs, ours over theirs: no load changes it.
Speed is theirs over ours, round by round: above 1 we are faster.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.nn import gelu, log_softmax, sigmoid, standardize

import functional_bp as bp
from benchmarks.timing import compare, write_json
from functional_bp.checking import plain as written
from functional_bp.jacobians.delta import Chunk, part_of

Side = Callable[..., Any]


class Work(NamedTuple):
    """Two functions of the same inputs and a cotangent ȳ, each giving y and what ȳ becomes at the inputs."""

    ours: Side
    theirs: Side
    inputs: tuple[Any, ...]


def normal(*shape: int) -> jax.Array:
    return jax.random.normal(jax.random.key(len(shape)), shape) / shape[-1] ** 0.5


def pulled(rule: Any, plain: Callable[..., Any], *inputs: Any) -> Work:
    """y and ȳ @ J by a rule, and by jax.vjp of the same function written plainly."""

    def ours(y_bar: Any, *inputs: Any) -> Any:
        y, J = rule(*inputs)
        return y, y_bar @ J

    def theirs(y_bar: Any, *inputs: Any) -> Any:
        y, pullback = jax.vjp(plain, *inputs)
        return y, pullback(y_bar)

    y_bar = jax.tree.map(lambda y: jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape), shapes(plain, *inputs))
    return Work(ours, theirs, (y_bar, *inputs))


def shapes(function: Callable[..., Any], *inputs: Any) -> Any:
    return jax.eval_shape(function, *inputs)


def of_layer(layer: bp.Layer, plain: Callable[[Any, Any], Any], *shape: int) -> Work:
    return pulled(layer.apply, plain, layer.init(jax.random.key(0)), normal(*shape))


def of_rule(rule: Any, plain: Callable[[Any], Any], x: Any) -> Work:
    return pulled(rule, plain, x)


# --- the works ------------------------------------------------------------------------------------------------------


def attention(T: int = 4096, heads: int = 4, d: int = 64) -> Work:
    def plain(qkv: bp.QKV) -> jax.Array:
        q, k, v = qkv[:3]
        s = jnp.einsum("hid,hjd->hij", q, k) * d**-0.5
        p = jax.nn.softmax(jnp.where(jnp.tril(jnp.ones((T, T), bool))[None], s, -jnp.inf))
        return jnp.einsum("hij,hjd->hid", p, v)

    qkv = bp.QKV(*(jax.random.normal(key, (heads, T, d)) for key in jax.random.split(jax.random.key(0), 3)))
    return pulled(partial(bp.attention, causal=True), plain, qkv)


def linear_cross_entropy(tokens: int = 4096, n: int = 512, V: int = 32000) -> Work:
    labels = jax.random.randint(jax.random.key(1), (tokens,), 0, V)

    def plain(W: jax.Array, h: jax.Array, labels: jax.Array) -> jax.Array:
        return -jnp.take_along_axis(log_softmax(h @ W.T), labels[:, None], 1).mean()

    return pulled(bp.linear_nll, plain, normal(V, n), normal(tokens, n), labels)


def blocks(kind: str, n: int = 12, d: int = 128, heads: int = 4, batch: int = 4, T: int = 64) -> Work:
    """Transformer blocks by `repeat`, written with every Jacobian kept, as the library has them, and recomputed."""
    block = whole_block(d, heads) if kind == "kept" else bp.transformer_block(d, heads)
    layer = bp.repeat(bp.recompute(block) if kind == "recomputed" else block, n)

    def plain(params: Any, x: jax.Array) -> jax.Array:
        def norm_and(norm: Any, after: Any, x: jax.Array) -> jax.Array:
            return written.affine(after, written.layer_norm(norm, x))

        def one(x: jax.Array, p: Any) -> Any:
            (attended, fed) = p
            if kind == "kept":
                (norm, qkv, _, _, _, merge), (norm_2, up, _, down) = attended, fed
            else:
                ((norm, qkv), _, _, (_, merge)), ((norm_2, up), (_, down)) = attended, fed
            q, k, v = jnp.split(norm_and(norm, qkv, x).reshape(batch, T, 3 * heads, -1), 3, 2)
            s = jnp.einsum("bihd,bjhd->bhij", q, k) * q.shape[-1] ** -0.5
            p_ij = jax.nn.softmax(jnp.where(jnp.tril(jnp.ones((T, T), bool))[None, None], s, -jnp.inf))
            x = x + written.affine(merge, jnp.einsum("bhij,bjhd->bihd", p_ij, v).reshape(x.shape))
            return x + written.affine(down, gelu(norm_and(norm_2, up, x), approximate=False))

        for k in range(n):
            x = one(x, jax.tree.map(lambda a, k=k: a[k], params.layers))
        return x

    return of_layer(layer, plain, batch, T, d)


def whole_block(d: int, heads: int) -> bp.Layer:
    norm, affine = bp.layer_norm_layer, bp.affine_layer
    attended = bp.chain(
        norm(d),
        affine(d, 3 * d),
        partial(bp.split_heads, heads=heads),
        partial(bp.attention, causal=True),
        bp.merge_heads,
        affine(d, d),
    )
    return bp.chain(bp.residual(attended), bp.residual(bp.chain(norm(d), affine(d, 4 * d), bp.gelu, affine(4 * d, d))))


def linear_gelu(recomputed: bool, n: int = 16, d: int = 256, batch: int = 512) -> Work:
    block = bp.chain(bp.affine_layer(d, d), bp.gelu)
    layer = bp.repeat(bp.recompute(block) if recomputed else block, n)

    def plain(params: Any, x: jax.Array) -> jax.Array:
        affine, _ = params.layers
        for k in range(n):
            x = gelu(x @ affine.W[k].T + affine.b[k], approximate=False)
        return x

    return of_layer(layer, plain, batch, d)


def recurrent(cell: str, batch: int, T: int = 256, n: int = 256) -> Work:
    layer = bp.recurrent({"lstm": bp.lstm_cell, "gru": bp.gru_cell}[cell](n, n), chunk=32)

    def plain(params: Any, x: jax.Array) -> jax.Array:
        W_x, W_h, b = params[1]

        def lstm(state: Any, x: jax.Array) -> Any:
            h, c = state
            i, f, g, o = jnp.split(x @ W_x.T + h @ W_h.T + b, 4, -1)
            c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
            h = sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        def gru(state: Any, x: jax.Array) -> Any:
            h, c = state
            (r, u, g), (r_h, u_h, g_h) = jnp.split(x @ W_x.T + b, 3, -1), jnp.split(h @ W_h.T, 3, -1)
            u = sigmoid(u + u_h)
            h = u * h + (1 - u) * jnp.tanh(g + sigmoid(r + r_h) * g_h)
            return (h, c), h

        zero = jnp.zeros((batch, n))
        _, y = jax.lax.scan(lstm if cell == "lstm" else gru, (zero, zero), jnp.swapaxes(x, 0, 1))
        return jnp.swapaxes(y, 0, 1)

    return of_layer(layer, plain, batch, T, n)


def reversible(n: int = 32, batch: int = 512, d: int = 256) -> Work:
    block = bp.chain(bp.affine_layer(d, d), bp.tanh)
    layer = bp.reversible(block, block, n)

    def plain(params: Any, x: Any) -> Any:
        (f, _), (g, _) = params.layers
        x_1, x_2 = x
        for k in range(n):
            x_1 = x_1 + jnp.tanh(x_2 @ f.W[k].T + f.b[k])
            x_2 = x_2 + jnp.tanh(x_1 @ g.W[k].T + g.b[k])
        return x_1, x_2

    x = normal(batch, d)
    return pulled(layer.apply, plain, layer.init(jax.random.key(0)), (x, 2 * x))


def delta(T: int = 8192, heads: int = 4, d: int = 64, chunk: int = 64) -> Work:
    """Against autodiff through the scan over the same chunks."""
    keys = jax.random.split(jax.random.key(0), 3)
    q, k, v = (jax.random.normal(key, (heads, T, d)) * d**-0.5 for key in keys)
    x = bp.DeltaInputs(q, k, v, jnp.full((heads, T), -0.05), jnp.full((heads, T), 0.5), jnp.zeros((heads, d, d)))

    def plain(x: bp.DeltaInputs) -> Any:
        def step(S: jax.Array, i: jax.Array) -> Any:
            part = part_of(x, i, chunk)._replace(state=S)
            y, S = Chunk.of(part, True).outputs(part)
            return S, y

        S, y = jax.lax.scan(step, x.state, jnp.arange(T // chunk))
        return jnp.moveaxis(y, 0, 1).reshape(heads, T, d), S

    return pulled(partial(bp.gated_delta_rule, chunk=chunk), plain, x)


def layer_norm(rows: int = 4096, n: int = 1024) -> Work:
    return of_layer(bp.layer_norm_layer(n), lambda p, x: p.gain * standardize(x, epsilon=1e-5) + p.bias, rows, n)


def rms_norm(rows: int = 4096, n: int = 1024) -> Work:
    return of_layer(
        bp.rms_norm_layer(n), lambda g, x: g * x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5), rows, n
    )


def max_pool(batch: int = 64, side: int = 56, channels: int = 64) -> Work:
    def plain(x: jax.Array) -> jax.Array:
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    return of_rule(bp.max_pool, plain, normal(batch, side, side, channels))


def convolution(batch: int = 32, side: int = 28, channels: int = 32) -> Work:
    def plain(p: Any, x: jax.Array) -> jax.Array:
        names = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, p.W, (1, 1), [(1, 1), (1, 1)], dimension_numbers=names) + p.b

    return of_layer(bp.conv_layer(channels, channels, padding=1), plain, batch, side, side, channels)


def activation(rule: Any, plain: Any, batch: int = 4096, n: int = 1024) -> Work:
    return of_rule(rule, plain, normal(batch, n))


WORKS: dict[str, Callable[[], Work]] = {
    "attention": attention,
    "linear + cross-entropy": linear_cross_entropy,
    "blocks, every Jacobian kept": partial(blocks, "kept"),
    "blocks": partial(blocks, "lean"),
    "blocks, recomputed": partial(blocks, "recomputed"),
    "linear + GELU": partial(linear_gelu, False),
    "linear + GELU, recomputed": partial(linear_gelu, True),
    "LSTM of 32": partial(recurrent, "lstm", 32),
    "LSTM of 8": partial(recurrent, "lstm", 8),
    "GRU of 32": partial(recurrent, "gru", 32),
    "reversible": reversible,
    "gated delta rule": delta,
    "layer norm": layer_norm,
    "RMS norm": rms_norm,
    "max pool": max_pool,
    "convolution": convolution,
    "GELU": partial(activation, bp.gelu, partial(gelu, approximate=False)),
    "SiLU": partial(activation, bp.silu, jax.nn.silu),
    "softplus": partial(activation, bp.softplus, jax.nn.softplus),
}


def temporary(side: Side, inputs: tuple[Any, ...]) -> int:
    found = jax.jit(side).lower(*inputs).compile().memory_analysis()
    return 0 if found is None else found.temp_size_in_bytes


def difference(work: Work) -> float:
    """The largest relative difference of the two sides' gradients."""
    ours, theirs = (floats(jax.jit(side)(*work.inputs)) for side in work[:2])
    return max(float(jnp.abs(a - b).max() / (jnp.abs(b).max() + 1e-30)) for a, b in zip(ours, theirs, strict=True))


def floats(tree: Any) -> list[jax.Array]:
    """Whole numbers have no cotangent: None with us, an array of no numbers in JAX."""
    return [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.floating)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORKS)}; by default all")
    parser.add_argument("--rounds", type=int, default=10, help="0: memory alone")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    if unknown := set(args.names) - set(WORKS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    results: dict[str, Any] = {}
    for name in args.names or WORKS:
        work = WORKS[name]()
        ours, theirs = (temporary(side, work.inputs) for side in work[:2])
        ratio = ours / theirs if theirs else float(ours > 0)
        line = f"{name:<28} memory {ratio:.4f} ({ours:,} of {theirs:,} bytes), gradients apart {difference(work):.0e}"
        results[name] = {"memory": ratio, "bytes": [ours, theirs]}
        if args.rounds:
            sides = {
                "ours": partial(jax.jit(work.ours), *work.inputs),
                "grad": partial(jax.jit(work.theirs), *work.inputs),
            }
            speed = compare(sides, args.rounds).speed("grad")
            line += f", speed {speed.show()}"
            results[name]["speed"] = vars(speed)
        print(line, flush=True)
    if args.json:
        write_json(args.json, results)


if __name__ == "__main__":
    main()

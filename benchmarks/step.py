"""One training step by explicit Jacobians against jax.value_and_grad: speed, temporary memory, matrix products.

    python -m benchmarks.step

The network is 784-512-256-10 with a batch of 128; both steps are value and gradient, then Adam, in one jitted program.
The other side is the same network as one writes it for jax.grad. What is to be shown: at least 0.97 of its speed,
at most 1.00 of its temporary memory, and as many matrix products.
"""

import argparse
import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

import functional_bp as bp
from benchmarks.timing import compare, write_json

WIDTHS, BATCH = (784, 512, 256, 10), 128
ACTIVATIONS = {
    "relu": (bp.relu, jax.nn.relu),
    "tanh": (bp.tanh, jnp.tanh),
    "sigmoid": (bp.sigmoid, jax.nn.sigmoid),
}
Gradient = Callable[[Any, jax.Array, jax.Array], tuple[jax.Array, Any]]


class Problem(NamedTuple):
    """Parameters as ((W, b), …), inputs and one-hot targets."""

    params: Any
    x: jax.Array
    d: jax.Array


def problem(seed: int = 0) -> Problem:
    W_key, x_key, d_key = jax.random.split(jax.random.key(seed), 3)
    layers = [bp.affine_layer(n_in, n_out) for n_in, n_out in pairwise(WIDTHS)]
    params = tuple(layer.init(key) for layer, key in zip(layers, jax.random.split(W_key, len(layers)), strict=True))
    x = jax.random.normal(x_key, (BATCH, WIDTHS[0]))
    return Problem(params, x, jax.nn.one_hot(jax.random.randint(d_key, (BATCH,), 0, WIDTHS[-1]), WIDTHS[-1]))


def by_jacobians(activation: str) -> Gradient:
    """(params, x, d) ↦ (loss, gradients) of the library; the rules' empty parameters are put in and taken out."""
    rule, _ = ACTIVATIONS[activation]
    layers = [link for n_in, n_out in pairwise(WIDTHS) for link in (bp.affine_layer(n_in, n_out), rule)]
    loss_and_gradients = bp.value_and_grad(bp.chain(*layers[:-1]), bp.softmax_nll)

    def gradient(params: Any, x: jax.Array, d: jax.Array) -> tuple[jax.Array, Any]:
        with_rules = [theta for layer in params for theta in (layer, ())]
        loss, gradients = loss_and_gradients(tuple(with_rules[:-1]), x, d)
        return loss, gradients[::2]

    return gradient


def by_autodiff(activation: str) -> Gradient:
    """The same from jax.value_and_grad."""
    _, function = ACTIVATIONS[activation]

    def loss(params: Any, x: jax.Array, d: jax.Array) -> jax.Array:
        *hidden, (W_last, b_last) = params
        for W, b in hidden:
            x = function(x @ W.T + b)
        return optax.softmax_cross_entropy(x @ W_last.T + b_last, d).mean()

    return jax.value_and_grad(loss)


def with_adam(gradient: Gradient, optimizer: optax.GradientTransformation) -> Callable[..., Any]:
    def step(params: Any, state: Any, x: jax.Array, d: jax.Array) -> tuple[Any, Any, jax.Array]:
        loss, gradients = gradient(params, x, d)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss

    return step


def matrix_products(compiled: Any) -> int:
    """How many matrix products the compiled program runs: XLA's own, or its calls into a vendor's library."""
    return len(re.findall(r"\bdot\(|custom_call_target=\"__(?:cublas|onednn)\$", compiled.as_text()))


def temporary_bytes(compiled: Any) -> int:
    return compiled.memory_analysis().temp_size_in_bytes


def compiled_gradients(activation: str) -> tuple[Any, Any]:
    """Both gradients compiled: without the optimiser, whose buffers would hide what the backward pass needs."""
    given = problem()
    sides = by_jacobians(activation), by_autodiff(activation)
    ours, theirs = (jax.jit(side).lower(*given).compile() for side in sides)
    return ours, theirs


def measure(activation: str, rounds: int) -> dict[str, Any]:
    """Prints and returns the three comparisons for one activation."""
    given, optimizer = problem(), optax.adam(1e-3)
    steps = {
        "explicit Jacobians": jax.jit(with_adam(by_jacobians(activation), optimizer)),
        "jax.value_and_grad": jax.jit(with_adam(by_autodiff(activation), optimizer)),
    }
    state = optimizer.init(given.params)
    speed = compare({name: partial(step, given.params, state, *given[1:]) for name, step in steps.items()}, rounds)
    ours, theirs = compiled_gradients(activation)
    print(f"\n{activation}, {'-'.join(map(str, WIDTHS))}, batch {BATCH}, {rounds} rounds\n{speed.table()}")
    print(f"temporary memory: {temporary_bytes(ours)} bytes against {temporary_bytes(theirs)}")
    print(f"matrix products:  {matrix_products(ours)} against {matrix_products(theirs)}")
    return {
        "speed": speed.as_json(),
        "temporary_bytes": [temporary_bytes(ours), temporary_bytes(theirs)],
        "matrix_products": [matrix_products(ours), matrix_products(theirs)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args()
    results = {activation: measure(activation, args.rounds) for activation in ACTIVATIONS}
    if args.json:
        write_json(args.json, results, "optax")


if __name__ == "__main__":
    main()

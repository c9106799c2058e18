"""MNIST to more than 99 % with affine layers alone: dropout, bounded weights, and images distorted on the device.

    python examples/mnist_99.py FOLDER        (the four files of MNIST, gzipped or not)

No convolution, and no automatic differentiation: the images are distorted before the network sees them, and the
backward pass is the chain of the layers' Jacobians. What is measured is the running mean of the parameters.
"""

import argparse
import time
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import functional_bp as bp
from functional_bp.training.data.files import open_dataset
from functional_bp.training.data.order import batches

SIDE = 28
SHIFT, LINEAR, ELASTIC, SMOOTHNESS = 1.5, 0.12, 1.2, 4.0  # in pixels; LINEAR in pixels a pixel from the centre
DROPPED, LARGEST_NORM, MEMORY = 0.15, 2.0, 0.998


class State(NamedTuple):
    params: Any
    mean: Any  # the running mean of the parameters
    optimizer: Any
    step: jax.Array


def network(hidden: list[int]) -> bp.Layer:
    links = []
    for n_in, n_out in pairwise([SIDE * SIDE, *hidden]):
        links += [bp.affine_layer(n_in, n_out, "he"), bp.relu, partial(bp.dropout, rate=DROPPED)]
    return bp.chain(*links, bp.affine_layer(hidden[-1], 10))


def distorted(images: jax.Array, key: jax.Array) -> jax.Array:
    """Each image [28, 28] moved by a map of its own: a shift, a linear map, and a smooth random field.

    The field is white noise smoothed by a Gaussian: G noise Gᵀ, two matrix products. Source: Simard et al. 2003.
    """
    noise_key, linear_key, shift_key = jax.random.split(key, 3)
    n, line = len(images), jnp.arange(SIDE) - (SIDE - 1) / 2
    G = jnp.exp(-((line[:, None] - line[None, :]) ** 2) / (2 * SMOOTHNESS**2))
    G = G / jnp.linalg.norm(G, axis=1, keepdims=True)
    noise = jax.random.normal(noise_key, (n, 2, SIDE, SIDE))
    grid = jnp.stack(jnp.meshgrid(line, line, indexing="ij"))
    A = jnp.eye(2)[None] + LINEAR * jax.random.normal(linear_key, (n, 2, 2))
    shift = jax.random.uniform(shift_key, (n, 2, 1, 1), minval=-SHIFT, maxval=SHIFT)
    field = ELASTIC * jnp.einsum("ij,ncjk,lk->ncil", G, noise, G)
    return interpolated(images, jnp.einsum("ncd,dij->ncij", A, grid) + shift + field + (SIDE - 1) / 2)


def interpolated(images: jax.Array, at: jax.Array) -> jax.Array:
    """The images at the places at[n, 2, row, column], between four pixels each; black outside."""
    n, low = len(images), jnp.floor(at)
    weight, corner = at - low, low.astype(jnp.int32) + 1
    padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(n, -1)

    def part(down: int, right: int) -> jax.Array:
        i, j = (jnp.clip(corner[:, axis] + offset, 0, SIDE + 1) for axis, offset in enumerate((down, right)))
        pixels = jnp.take_along_axis(padded, (i * (SIDE + 2) + j).reshape(n, -1), axis=1).reshape(n, SIDE, SIDE)
        return pixels * jnp.abs(1 - down - weight[:, 0]) * jnp.abs(1 - right - weight[:, 1])

    return part(0, 0) + part(0, 1) + part(1, 0) + part(1, 1)


def bounded(theta: Any) -> Any:
    """Max-norm: no row of W is longer than LARGEST_NORM."""
    if not theta:
        return theta
    norms = jnp.linalg.norm(theta.W, axis=1, keepdims=True)
    return theta._replace(W=theta.W * (LARGEST_NORM / jnp.maximum(norms, LARGEST_NORM)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--hidden", default="2048,1024,512")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    data = open_dataset(args.folder)
    if data.test is None or data.shape != (SIDE, SIDE) or data.classes != 10:
        parser.error(f"{args.folder} is not like MNIST")
    images, labels = jax.device_put((np.asarray(data.train.x), data.train.labels))
    test_x, test_labels = jax.device_put((np.asarray(data.test.x), data.test.labels))
    perceptron = network([int(units) for units in args.hidden.split(",")])
    loss_and_gradients = bp.value_and_grad(perceptron, bp.softmax_nll)
    steps = len(images) // args.batch
    adam = optax.adam(optax.cosine_decay_schedule(args.rate, args.epochs * steps), b2=0.99)
    order_key, noise_key = jax.random.key(args.seed), jax.random.key(args.seed, impl="rbg")  # rbg: cheaper on a CPU

    def step(state: State, rows: jax.Array) -> tuple[State, jax.Array]:
        distortion_key, dropout_key = jax.random.split(jax.random.fold_in(noise_key, state.step))
        x = distorted(images[rows].reshape(-1, SIDE, SIDE) / jnp.float32(255), distortion_key).reshape(-1, SIDE**2)
        loss, gradients = loss_and_gradients(state.params, x, jax.nn.one_hot(labels[rows], 10), dropout_key)
        updates, memory = adam.update(gradients, state.optimizer)
        params: Any = optax.apply_updates(state.params, updates)
        params = tuple(map(bounded, params))
        mean = jax.tree.map(lambda mean, theta: MEMORY * mean + (1 - MEMORY) * theta, state.mean, params)
        return State(params, mean, memory, state.step + 1), loss

    @jax.jit
    def epoch(state: State) -> tuple[State, jax.Array]:
        state, losses = jax.lax.scan(step, state, batches(order_key, state.step, steps, len(images), args.batch))
        return state, losses.mean()

    @jax.jit
    def accuracy(params: Any, x: jax.Array, labels: jax.Array) -> jax.Array:
        z, _ = perceptron.apply(params, x / jnp.float32(255))
        return (z.argmax(-1) == labels).mean()

    params = perceptron.init(order_key)
    state = State(params, params, adam.init(params), jnp.int32(0))
    began = time.perf_counter()
    for number in range(1, args.epochs + 1):
        state, loss = epoch(state)
        found = f"loss {loss:.4f}  test accuracy {accuracy(state.mean, test_x, test_labels):.4f}"
        print(f"epoch {number:3}  {found}  {time.perf_counter() - began:6.0f} s", flush=True)


if __name__ == "__main__":
    main()

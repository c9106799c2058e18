"""An epoch of MNIST as one compiled program, against other libraries, jax.grad, and the machine's own matrix product.

    python -m benchmarks.mnist [--data FOLDER]       speed; without data, noise of the same shape
    python -m benchmarks.mnist --accuracy --data FOLDER     what 784-256-128-10 learns in 10 epochs

Every side trains 784-512-256-10 (relu, Adam, batches of 128 in a new order) for one epoch. What is to be shown: 1.7
times the speed of PyTorch's eager loop, 1.2 times equinox and flax.nnx, 0.65 of what a float32 product of large square
matrices reaches here, and from mapped files at most 1.05 times as long as from arrays on the device. Beside them stand
the products of all steps alone: no program that makes them one after another can be faster than that.
Accuracy to be shown: 0.980 on MNIST, 0.885 on Fashion-MNIST.

On a machine that is busy with other programs, PyTorch's threads wait for each other at every operation: there, only
`OMP_NUM_THREADS=1 taskset -c 0 python -m benchmarks.mnist` compares what it means to.
"""

import argparse
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import functional_bp as bp
from benchmarks.peers import PEERS, Side, Task
from benchmarks.timing import Spread, compare, write_json
from functional_bp.runs.classification import perceptron
from functional_bp.training.data.files import DataSet, open_dataset
from functional_bp.training.data.source import Streamed
from functional_bp.training.loop import fit
from functional_bp.training.step import start

SIZES, BATCH, RATE = (784, 512, 256, 10), 128, 1e-3
SIDE = 2048 if jax.default_backend() == "cpu" else 8192  # of the matrices whose product is the measure
FASTEST = "explicit Jacobians"


def noise() -> DataSet:
    """Files of MNIST's shape, in a temporary folder, with a class that can be learnt from the first pixels."""
    folder, random = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    for part, n in (("train", 60000), ("test", 10000)):
        labels = random.integers(0, 10, n)
        x = random.integers(0, 256, (n, 28, 28), np.uint8)
        x[np.arange(n), 0, labels] = 255
        np.save(folder / f"{part}_x.npy", x)
        np.save(folder / f"{part}_labels.npy", labels)
    return open_dataset(folder)


def prepare(x: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
    return x.astype(jnp.float32) / 255, jax.nn.one_hot(labels, 10)


def accuracy_of(network: bp.Layer, data: DataSet) -> Callable[[Any], jax.Array]:
    assert data.test is not None
    x, labels = jax.device_put((np.asarray(data.test.x), data.test.labels))

    @jax.jit
    def accuracy(params: Any, x: jax.Array, labels: jax.Array) -> jax.Array:
        z, _ = network.apply(params, prepare(x, labels)[0])
        return (z.argmax(-1) == labels).mean()

    return lambda params: accuracy(params, x, labels)


def trained(
    data: DataSet,
    sizes: tuple[int, ...] = SIZES,
    epochs: int = 1,
    optimizer: optax.GradientTransformation | None = None,
    from_files: bool = False,
    seed: int = 0,
    **options: Any,
) -> Side:
    """Our own: all epochs in one compiled program, from bytes on the device or in mapped files."""
    network = perceptron(sizes, "relu")
    optimizer = optimizer or optax.adam(RATE)
    x, labels = data.train
    source = Streamed(data.train) if from_files else jax.device_put((np.asarray(x), labels))
    steps, state = epochs * (len(x) // BATCH), start(network, optimizer, seed)
    accuracy = accuracy_of(network, data)
    options |= {"optimizer": optimizer, "steps": steps, "batch": BATCH, "report_every": steps, "prepare": prepare}

    def run() -> float:
        return float(accuracy(fit(network, bp.softmax_nll, source, state=state, **options).params))

    return run


def by_autodiff(network: bp.Layer, divergence: Callable) -> Callable[..., Any]:
    def loss(params: Any, x: jax.Array, d: jax.Array, key: Any = None) -> jax.Array:
        return divergence(network.apply(params, x, key)[0], d)[0].mean()

    return jax.value_and_grad(loss)


def product() -> Side:
    """The machine's own float32 product: [SIDE, SIDE] by [SIDE, SIDE]."""
    a = jax.random.normal(jax.random.key(0), (SIDE, SIDE))
    multiply = jax.jit(lambda a: (a @ a).sum())
    return lambda: float(multiply(a))


def products(steps: int) -> Side:
    """The products of an epoch's steps and nothing else: no activation, no optimiser, no data."""
    keys = jax.random.split(jax.random.key(0), len(SIZES))
    weights = [jax.random.normal(key, (m, n)) / n**0.5 for key, (n, m) in zip(keys[1:], pairwise(SIZES), strict=True)]
    x = jax.random.normal(keys[0], (BATCH, SIZES[0]))

    @jax.jit
    def multiply(x: jax.Array, weights: list[jax.Array]) -> jax.Array:
        def step(_: Any, x: jax.Array) -> jax.Array:
            y, gradients = [x], []
            for W in weights:
                y.append(y[-1] @ W.T)
            z_bar = y.pop()
            for W in reversed(weights):
                gradients.append(z_bar.T @ y.pop())
                z_bar = z_bar @ W if y else z_bar
            return x + 1e-9 * sum(W_bar[0, 0] for W_bar in jax.lax.optimization_barrier(gradients))

        return jax.lax.fori_loop(0, steps, step, x).sum()

    return lambda: float(multiply(x, weights))


def operations(n: int) -> float:
    """Multiplications and additions of an epoch: products for y, W̄ and, but for the first layer, x̄."""
    layers = [2 * n_in * n_out for n_in, n_out in pairwise(SIZES)]
    return float(n // BATCH * BATCH * (3 * sum(layers) - layers[0]))


def speed(data: DataSet, rounds: int) -> dict[str, Any]:
    """Prints and returns the seconds of an epoch of every side."""
    assert data.test is not None
    train, test = ((np.asarray(part.x, np.float32) / 255, part.labels) for part in (data.train, data.test))
    task = Task(train, test, SIZES, BATCH, RATE, epochs=1)
    sides = {
        FASTEST: trained(data),
        "the same from mapped files": trained(data, from_files=True),
        "the same by jax.grad": trained(data, gradients_of=by_autodiff),
    }
    sides |= {name: make(task) for name, make in PEERS.items()}
    for name, side in sides.items():
        print(f"{name}: accuracy {side():.4f} after an epoch")
    n = len(data.train.x)
    sides |= {"the eight products alone": products(n // BATCH), "matrix product": product()}
    found = compare(sides, rounds)
    pairs = zip(found.seconds[FASTEST], found.seconds["matrix product"], strict=True)
    of_peak = Spread.of([operations(n) / epoch / (2 * SIDE**3 / one) for epoch, one in pairs])
    gigaflops = 2e-9 * SIDE**3 / found.time("matrix product").median
    print(f"{found.table()}\nof the matrix product's {gigaflops:.0f} GFLOP/s: {of_peak.show()}")
    return {"epoch": found.as_json(), "fraction_of_peak": vars(of_peak), "peak_gigaflops": gigaflops}


def accuracies(data: DataSet, seeds: int) -> list[float]:
    """Prints and returns the test accuracy of 784-256-128-10 after 10 epochs, η by a cosine to 0, for some seeds."""
    steps = 10 * (len(data.train.x) // BATCH)
    adam = optax.adam(optax.cosine_decay_schedule(RATE, steps))
    found = [trained(data, (784, 256, 128, 10), 10, adam, seed=seed)() for seed in range(seeds)]
    shown = ", ".join(f"{accuracy:.4f}" for accuracy in found)
    print(f"test accuracy of 784-256-128-10 after 10 epochs, seeds 0 to {seeds - 1}: {shown}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of MNIST or Fashion-MNIST")
    parser.add_argument("--accuracy", action="store_true", help="the accuracies instead of the speed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args()
    data = open_dataset(args.data) if args.data else noise()
    found = {"accuracies": accuracies(data, args.seeds)} if args.accuracy else speed(data, args.rounds)
    if args.json:
        write_json(args.json, {"mnist": found}, "optax", "torch", "equinox", "flax")


if __name__ == "__main__":
    main()

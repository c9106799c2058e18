"""The same training for PyTorch, equinox and flax.nnx: plain loops, step by step, as their own users write them.

Each trains a perceptron of the given sizes (relu, Adam, batches in a new order each epoch) from scratch and gives its
accuracy on the test part. All take x as float32 and the labels as whole numbers.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

Side = Callable[[], float]


class Task(NamedTuple):
    """Data as (x, labels), and how to train on it."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]
    sizes: tuple[int, ...]
    batch: int
    rate: float
    epochs: int

    def rows(self) -> Iterator[np.ndarray]:
        """The rows of every step."""
        random, n = np.random.default_rng(0), len(self.train[0])
        for _ in range(self.epochs):
            yield from random.permutation(n)[: n - n % self.batch].reshape(-1, self.batch)


def pytorch(task: Task) -> Side:
    import torch
    from torch import nn

    device = "cuda" if torch.cuda.is_available() else "cpu"
    x, labels = (torch.tensor(part, device=device) for part in task.train)
    x_test, labels_test = (torch.tensor(part, device=device) for part in task.test)
    labels, divergence = labels.long(), nn.CrossEntropyLoss()

    def run() -> float:
        torch.manual_seed(0)
        links = [link for n_in, n_out in pairwise(task.sizes) for link in (nn.Linear(n_in, n_out), nn.ReLU())]
        model = nn.Sequential(*links[:-1]).to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=task.rate)
        for _ in range(task.epochs):
            order = torch.randperm(len(x), device=device)
            for rows in order[: len(x) - len(x) % task.batch].split(task.batch):
                optimizer.zero_grad()
                loss = divergence(model(x[rows]), labels[rows])
                loss.backward()
                optimizer.step()
        with torch.no_grad():
            return float((model(x_test).argmax(-1) == labels_test).float().mean())

    return run


def equinox(task: Task) -> Side:
    import equinox as eqx

    class Network(eqx.Module):
        layers: list

        def __init__(self, key: jax.Array) -> None:
            keys = jax.random.split(key, len(task.sizes) - 1)
            self.layers = [eqx.nn.Linear(*sizes, key=k) for sizes, k in zip(pairwise(task.sizes), keys, strict=True)]

        def __call__(self, x: jax.Array) -> jax.Array:
            for layer in self.layers[:-1]:
                x = jax.nn.relu(layer(x))
            return self.layers[-1](x)

    x, labels = task.train
    optimizer = optax.adam(task.rate)
    first = Network(jax.random.key(0))

    def loss(model: Network, x: jax.Array, labels: jax.Array) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(jax.vmap(model)(x), labels).mean()

    @eqx.filter_jit
    def step(model: Network, state: optax.OptState, x: jax.Array, labels: jax.Array) -> tuple:
        value, gradients = eqx.filter_value_and_grad(loss)(model, x, labels)
        updates, state = optimizer.update(gradients, state, eqx.filter(model, eqx.is_array))
        return eqx.apply_updates(model, updates), state, value

    predict = eqx.filter_jit(lambda model, x: jax.vmap(model)(x).argmax(-1))

    def run() -> float:
        model, state = first, optimizer.init(eqx.filter(first, eqx.is_array))
        for rows in task.rows():
            model, state, _ = step(model, state, x[rows], labels[rows])
        return float((np.asarray(predict(model, task.test[0])) == task.test[1]).mean())

    return run


def flax_nnx(task: Task) -> Side:
    from flax import nnx

    class Network(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.layers = nnx.List([nnx.Linear(n_in, n_out, rngs=rngs) for n_in, n_out in pairwise(task.sizes)])

        def __call__(self, x: jax.Array) -> jax.Array:
            for layer in self.layers[:-1]:
                x = nnx.relu(layer(x))
            return self.layers[-1](x)

    x, labels = task.train

    def loss(model: Network, x: jax.Array, labels: jax.Array) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(model(x), labels).mean()

    @nnx.jit
    def step(model: Network, optimizer: nnx.Optimizer, x: jax.Array, labels: jax.Array) -> jax.Array:
        value, gradients = nnx.value_and_grad(loss)(model, x, labels)
        optimizer.update(model, gradients)
        return value

    predict = nnx.jit(lambda model, x: model(x).argmax(-1))

    def run() -> float:
        model = Network(nnx.Rngs(0))
        optimizer = nnx.Optimizer(model, optax.adam(task.rate), wrt=nnx.Param)
        for rows in task.rows():
            step(model, optimizer, x[rows], labels[rows])
        return float((np.asarray(predict(model, task.test[0])) == task.test[1]).mean())

    return run


PEERS: dict[str, Callable[[Task], Side]] = {"PyTorch eager": pytorch, "equinox": equinox, "flax.nnx": flax_nnx}

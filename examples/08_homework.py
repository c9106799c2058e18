"""Homework: the backward pass of softmax with cross-entropy, handed in with the usual mistakes.

python examples/08_homework.py
"""

import jax
import jax.numpy as jnp

from functional_bp.checking import check_backward


def loss(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """The mean over the batch of −log softmax(logits)[label]."""
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)
    return -jnp.mean(chosen)


def solution(primals, loss_bar):
    """z̄ = (p − onehot) / T · D̄; the labels are integers and have no cotangent."""
    logits, labels = primals
    p = jax.nn.softmax(logits)
    return (p - jax.nn.one_hot(labels, p.shape[-1])) / len(labels) * loss_bar, None


def forgot_the_mean(primals, loss_bar):
    z_bar, _ = solution(primals, loss_bar)
    return z_bar * len(primals[1]), None


def forgot_the_label(primals, loss_bar):
    """The term of the label itself is missing."""
    logits, labels = primals
    return jax.nn.softmax(logits) / len(labels) * loss_bar, None


def wrong_way(primals, loss_bar):
    z_bar, _ = solution(primals, loss_bar)
    return -z_bar, None


def assumed_to_be_last(primals, loss_bar):
    """Right as long as nothing comes after the loss: the cotangent that arrives is taken to be 1."""
    del loss_bar
    return solution(primals, 1.0)


def network(W1: jax.Array, W2: jax.Array, x: jax.Array, labels: jax.Array) -> jax.Array:
    hidden = jnp.tanh(x @ W1)
    return loss(hidden @ W2, labels)


def forgot_the_tanh(primals, loss_bar):
    """The derivative of the hidden layer is missing: what lies above it is right, all below it is wrong."""
    W1, W2, x, labels = primals
    hidden = jnp.tanh(x @ W1)
    logits_bar, _ = solution((hidden @ W2, labels), loss_bar)
    hidden_bar = logits_bar @ W2.T
    return x.T @ hidden_bar, hidden.T @ logits_bar, hidden_bar @ W1.T, None


logits = jax.random.normal(jax.random.key(0), (6, 4))
labels = jnp.array([0, 1, 2, 3, 1, 1])

for handed_in in (solution, forgot_the_mean, forgot_the_label, wrong_way, assumed_to_be_last):
    report = check_backward(loss, handed_in, logits, labels)
    print(report, end="\n\n")
    assert report.ok == (handed_in is solution)

W1, W2, x = (jax.random.normal(jax.random.key(i), shape) for i, shape in enumerate([(3, 5), (5, 4), (6, 3)]))
print(report := check_backward(network, forgot_the_tanh, W1, W2, x, labels))
assert [verdict.argument for verdict in report.verdicts if not verdict.ok] == ["W1", "x"]

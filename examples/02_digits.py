"""The handwritten digits, learnt by a backward pass that is a chain of explicit Jacobians."""

import jax
import optax

from functional_bp import affine_layer, chain, relu, softmax_nll
from functional_bp.checking.networks import gradient_differences
from functional_bp.training import correct, digits, evaluation, fit, start, stratified

data = digits()
x, d = data.x, jax.nn.one_hot(data.labels, 10)
train, test = ((x[rows], d[rows]) for rows in stratified(data.labels, seed=0))

network = chain(
    affine_layer(64, 64, "he"),
    relu,
    affine_layer(64, 32, "he"),
    relu,
    affine_layer(32, 10, "he"),
)
optimizer = optax.adam(1e-3)

state = start(network, optimizer, seed=0)
print("largest relative difference between our gradient and jax.grad's, in float64:")
x, labels = (part[:32] for part in train)
for layer, difference in gradient_differences(network, softmax_nll, state.params, x, labels).items():
    print(f"  layer {layer}: {difference:.1e}")


def show(report, state):
    print("epoch {epoch:2.0f}  loss {loss:.4f}  held-out accuracy {validation_accuracy:.4f}".format_map(report))


fitted = fit(
    network,
    softmax_nll,
    train,
    optimizer=optimizer,
    steps=40 * 42,
    batch=32,
    report_every=5 * 42,
    measure=evaluation(network, softmax_nll, test, accuracy=correct),
    on_report=show,
    state=state,
)

logits, J = network.apply(fitted.params, test[0][0])
print(f"\nThe first held-out digit is a {test[1][0].argmax()}, taken for a {logits.argmax()}. Its Jacobian:\n{J}")

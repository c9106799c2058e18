"""The backward pass of a small network in the open: its factors, and the cotangent at every node between them."""

import jax
import jax.numpy as jnp

import functional_bp as bp

jnp.set_printoptions(precision=4, suppress=True)

network = bp.chain(bp.affine_layer(4, 3), bp.tanh, bp.affine_layer(3, 2), bp.softmax)
params = network.init(jax.random.key(0))
x, d = jnp.array([1.0, -2.0, 0.5, 3.0]), jnp.array([1.0, 0.0])

y, J = network.apply(params, x)
D, J_D = bp.kl(y, d)
print(f"divergence: {D:.4f}\n")
print(J.then(J_D, name="kl"))

print("\ncotangents, from the output back to the input:")
for node, cotangent in J.cotangents(jnp.ones_like(D) @ J_D).items():
    print(f"  ∇{node:<3} D = {cotangent}")

params_bar, x_bar = jnp.ones_like(D) @ J_D @ J
print("\n∇W1 D, of W1's own shape:", params_bar[0].W, sep="\n")

print("\n∂y/∂x, the product of the factors:", J.wrt_input, J.wrt_input.to_dense(), sep="\n")
assert jnp.allclose(x_bar, J_D.to_dense() @ J.wrt_input.to_dense(), rtol=1e-5)

"""A rule gives its output and its Jacobian; the Jacobian is a value that one can print, multiply and compare."""

import jax
import jax.numpy as jnp

import functional_bp as bp

jnp.set_printoptions(precision=4, suppress=True)

z = jnp.array([1.0, 2.0, 3.0])
y, J = bp.softmax(z)

print("y =", y)
print("J =", J, J.to_dense(), sep="\n")
print("ȳ @ J =", jnp.array([1.0, 0.0, 0.0]) @ J)

difference = jnp.abs(J.to_dense() - jax.jacrev(jax.nn.softmax)(z)).max()
print(f"largest difference from jax.jacrev: {difference:.1e}")
assert difference < 1e-6

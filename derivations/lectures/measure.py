"""What the frameworks that are installed do at a point: statements about the world are looked at, not proven."""

from importlib import import_module
from importlib.util import find_spec

import jax
import jax.numpy as jnp


def jax_slope(name: str, at: float = 0.0) -> float:
    """What `jax.grad` gives for jax.nn's or jax.numpy's function of that name; "step" is where(z ≥ 0, 1, 0)."""
    functions = {
        "step": lambda z: jnp.where(z >= 0, 1.0, 0.0),
        "max": lambda z: jnp.stack([z, jnp.asarray(at)]).max(),
    }
    function = functions.get(name) or getattr(jax.nn, name, None) or getattr(jnp, name)
    return float(jax.grad(function)(at))


def torch_relu_slope() -> float:
    import torch  # pyright: ignore[reportMissingImports]

    z = torch.zeros((), requires_grad=True)
    torch.relu(z).backward()
    return float(z.grad)  # type: ignore[arg-type]


def tensorflow_relu_slope() -> float:
    tf = import_module("tensorflow")
    z = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        y = tf.nn.relu(z)
    return float(tape.gradient(y, z))


def relu_slopes_at_0() -> str:
    found = [f"JAX takes {jax_slope('relu'):g}"]
    for name, module, slope in (
        ("PyTorch", "torch", torch_relu_slope),
        ("TensorFlow", "tensorflow", tensorflow_relu_slope),
    ):
        found.append(f"{name} takes {slope():g}" if find_spec(module) else f"{name} is not installed")
    return "measured at 0: " + ", ".join(found)

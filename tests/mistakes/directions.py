"""Contrastive loss: rows cut to unit length, cosines over a temperature, log-softmax at the diagonal, both ways."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(a, b, temperature):
    u = a / jnp.sqrt((a**2).sum(1, keepdims=True))
    v = b / jnp.sqrt((b**2).sum(1, keepdims=True))
    s = u @ v.T / temperature
    rows = jnp.diag(s) - jnp.log(jnp.exp(s).sum(1))
    columns = jnp.diag(s) - jnp.log(jnp.exp(s).sum(0))
    return -(rows + columns) / 2


def unit(a):
    return a / jnp.sqrt((a**2).sum(1, keepdims=True))


def back(a, u_bar):
    u = unit(a)
    return (u_bar - u * (u * u_bar).sum(1, keepdims=True)) / jnp.sqrt((a**2).sum(1, keepdims=True))


NETWORK = Network(
    "contrastive loss",
    forward,
    (*normal((4, 3), (4, 3)), jnp.float32(0.5)),
    {
        "u": lambda a: unit(a),
        "v": lambda b: unit(b),
        "s": lambda u, v, temperature: u @ v.T / temperature,
        "by_row": lambda s: jnp.exp(s) / jnp.exp(s).sum(1, keepdims=True),
        "by_column": lambda s: jnp.exp(s) / jnp.exp(s).sum(0, keepdims=True),
        "half": lambda y_bar: y_bar / 2,
        "rows_bar": lambda by_row, half: (by_row - jnp.eye(4)) * half[:, None],
        "columns_bar": lambda by_column, half: (by_column - jnp.eye(4)) * half[None],
        "s_bar": lambda rows_bar, columns_bar: rows_bar + columns_bar,
        "scaled": lambda s_bar, temperature: s_bar / temperature,
        "temperature_bar": lambda s_bar, s, temperature: -(s_bar * s).sum() / temperature,
        "u_bar": lambda scaled, v: scaled @ v,
        "v_bar": lambda scaled, u: scaled.T @ u,
        "a_bar": lambda a, u_bar: back(a, u_bar),
        "b_bar": lambda b, v_bar: back(b, v_bar),
    },
    mistakes(
        ("columns forgotten", "missing term", "s_bar", lambda rows_bar: rows_bar),
        ("rows twice", "wrong residual|wrong axis|missing term", "s_bar", lambda rows_bar: 2 * rows_bar),
        (
            "columns by the row's cotangent",
            "wrong axis|transposed|wrong residual",
            "columns_bar",
            lambda by_column, half: (by_column - jnp.eye(4)) * half[:, None],
        ),
        ("the diagonal forgotten", "missing term", "rows_bar", lambda by_row, half: by_row * half[:, None]),
        ("the softmax forgotten", "missing term", "rows_bar", lambda half: -jnp.eye(4) * half[:, None]),
        ("the half forgotten", "factor", "half", lambda y_bar: y_bar),
        (
            "the first ȳ for all",
            "one cotangent",
            "half",
            lambda y_bar: jnp.broadcast_to(y_bar[0] / 2, y_bar.shape),
        ),
        ("the temperature forgotten", "missing factor|factor", "scaled", lambda s_bar: s_bar),
        (
            "the temperature multiplied",
            "inverted|factor|wrong residual",
            "scaled",
            lambda s_bar, temperature: s_bar * temperature,
        ),
        ("the temperature twice", "extra factor|factor", "scaled", lambda s_bar, temperature: s_bar / temperature**2),
        (
            "the temperature's sign",
            "sign",
            "temperature_bar",
            lambda s_bar, s, temperature: (s_bar * s).sum() / temperature,
        ),
        (
            "the temperature's square",
            "extra factor|factor",
            "temperature_bar",
            lambda s_bar, s, temperature: -(s_bar * s).sum() / temperature**2,
        ),
        (
            "the temperature's first row",
            "missing sum|first row",
            "temperature_bar",
            lambda s_bar, s, temperature: -(s_bar * s)[0].sum() / temperature,
        ),
        ("ū at u", "wrong residual", "u_bar", lambda scaled, u: scaled @ u),
        ("v̄ not transposed", "transposed", "v_bar", lambda scaled, u: scaled @ u),
        ("ū at b, not cut", "wrong residual|missing factor", "u_bar", lambda scaled, b: scaled @ b),
        (
            "the projection dropped",
            "missing term",
            "a_bar",
            lambda a, u_bar: u_bar / jnp.sqrt((a**2).sum(1, keepdims=True)),
        ),
        (
            "the projection added",
            "sign",
            "a_bar",
            lambda a, u, u_bar: (
                (u_bar + u * (u * u_bar).sum(1, keepdims=True)) / jnp.sqrt((a**2).sum(1, keepdims=True))
            ),
        ),
        (
            "the projection on a",
            "wrong residual|missing factor|extra factor",
            "a_bar",
            lambda a, u, u_bar: (
                (u_bar - a * (u * u_bar).sum(1, keepdims=True)) / jnp.sqrt((a**2).sum(1, keepdims=True))
            ),
        ),
        (
            "the length forgotten",
            "missing factor",
            "a_bar",
            lambda u, u_bar: u_bar - u * (u * u_bar).sum(1, keepdims=True),
        ),
        (
            "the length squared",
            "extra factor",
            "a_bar",
            lambda a, u, u_bar: (u_bar - u * (u * u_bar).sum(1, keepdims=True)) / (a**2).sum(1, keepdims=True),
        ),
        (
            "the length over the batch",
            "wrong axis",
            "a_bar",
            lambda a, u, u_bar: (
                (u_bar - u * (u * u_bar).sum(1, keepdims=True)) / jnp.sqrt((a**2).sum(0, keepdims=True))
            ),
        ),
        ("not cut at all", "missing factor", "b_bar", lambda v_bar: v_bar),
    ),
)

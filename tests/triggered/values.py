"""Wrong at zero, far out, beyond a threshold, for one sign, in one order."""

import jax
import jax.numpy as jnp
import numpy as np
from triggered.case import normal, rows


def length(x):
    return jnp.sqrt((x * x).sum(-1) + 1e-12)


def length_guarded(primals, g):
    """Where a row is zero its gradient is said to be one in every direction."""
    (x,) = primals
    n = length(x)[:, None]
    return (jnp.where(n > 1e-5, x / n, 1.0) * g[:, None],)


def norm(x):
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


def norm_constant_rows(primals, g):
    """Where the variance is zero nothing is handed back."""
    (x,) = primals
    y, var = norm(x), x.var(-1, keepdims=True)
    inner = (g - g.mean(-1, keepdims=True) - y * (g * y).mean(-1, keepdims=True)) / jnp.sqrt(var + 1e-5)
    return (jnp.where(var < 1e-8, 0, inner),)


def product_by_division(primals, g):
    (x,) = primals
    return (jnp.where(x == 0, 0, x.prod(-1, keepdims=True) / jnp.where(x == 0, 1, x)) * g[..., None],)


def sigmoid_of_exponential(primals, g):
    e = jnp.exp(primals[0])
    return (g * e / (1 + e) ** 2,)


def clip_with(low, high):
    return lambda p, g: (jnp.where((p[0] >= low) & (p[0] <= high), g, 0),)


def rising(primals, g):
    """x̄ of a running maximum, as if every step were a new one."""
    (x,) = primals
    return (jnp.where(jnp.arange(len(x)) >= 0, g, 0),)


def quotient(a, b):
    return a / (b * b + 1)


def relative(primals, g):
    a, b = primals
    return g / (b * b + 1), -2 * g * a * jnp.abs(b) / (b * b + 1) ** 2


def entropy(p):
    return -(p * jnp.log(jnp.maximum(p, 1e-30))).sum()


def entropy_shifted(primals, g):
    (p,) = primals
    return (jnp.where(p > 1e-3, -(jnp.log(jnp.maximum(p, 1e-30)) + 1), 0.0) * g,)


def interpolate(table, t):
    at = jnp.clip(t, 0, len(table) - 1.001)
    left = jnp.floor(at).astype(int)
    return table[left] * (1 - (at - left)) + table[left + 1] * (at - left)


def interpolate_unclipped(primals, g):
    """The slope goes on beyond the ends."""
    table, t = primals
    at = jnp.clip(t, 0, len(table) - 1.001)
    left = jnp.floor(at).astype(int)
    f = at - left
    table_bar = jnp.zeros_like(table).at[left].add(g * (1 - f)).at[left + 1].add(g * f)
    return table_bar, g * (table[left + 1] - table[left])


x45, positive = normal((4, 5)), (np.abs(normal((4, 5))[0]) + 0.1,)
table = normal((6, 3))
ZEROS = rows(
    "zeros",
    r"zero|= 0|at 0|empty|constant",
    (
        "a product at zero",
        lambda x: x.prod(-1),
        product_by_division,
        positive,
        (np.where(np.arange(5) == 2, 0, positive[0]),),
    ),
    ("zero rows", length, length_guarded, x45, (np.where(np.arange(4)[:, None] == 1, 0, x45[0]),)),
    (
        "constant rows",
        norm,
        norm_constant_rows,
        x45,
        (np.where(np.arange(4)[:, None] == 1, 2, x45[0]).astype("float32"),),
    ),
    ("x² by x̄ / x", lambda x: x**2, lambda p, g: (jnp.where(p[0] == 0, 1, 2 * p[0]) * g,), x45, (0 * x45[0],)),
    (
        "small probabilities",
        entropy,
        entropy_shifted,
        positive,
        (np.full((4, 5), 1e-4, "float32"),),
        r"small|×|< |near|threshold|zero|= 0",
    ),
)
RANGES = rows(
    "range",
    r"large|scale|×|beyond|outside|> |< |≥|≤|negative|flipped|saturat|overflow",
    ("sigmoid by exponentials", jax.nn.sigmoid, sigmoid_of_exponential, x45, (100 * x45[0],)),
    ("a clip's upper bound", lambda x: jnp.clip(x, -5, 5), clip_with(-5, 6), x45, (np.full((4, 5), 5.5, "float32"),)),
    ("a clip's lower bound", lambda x: jnp.clip(x, -5, 5), clip_with(-8, 5), x45, (np.full((4, 5), -6.0, "float32"),)),
    ("slopes of one sign", quotient, relative, (*x45, *positive), (*x45, -positive[0])),
    (
        "beyond the table",
        interpolate,
        interpolate_unclipped,
        (*normal((6,)), np.array([0.5, 2.3, 4.1], "float32")),
        (*normal((6,)), np.array([0.5, 2.3, 7.0], "float32")),
    ),
    (
        "leaky for negative values",
        lambda x: jnp.where(x > 0, x, 0.1 * x),
        lambda p, g: (jnp.where(p[0] > 0, g, 0.2 * g),),
        positive,
        x45,
    ),
    ("|x| for positive values", jnp.abs, lambda p, g: (g,), positive, x45),
    (
        "tanh far out",
        jnp.tanh,
        lambda p, g: (jnp.where(jnp.abs(p[0]) > 4, 1e-2, 1 - jnp.tanh(p[0]) ** 2) * g,),
        x45,
        (6 * x45[0],),
    ),
)
ORDER = rows(
    "order",
    r"sorted|order|rising|falling|revers|flipped|negative",
    (
        "a running maximum that rises",
        lambda x: jax.lax.cummax(x),
        rising,
        (np.arange(6, dtype="float32"),),
        normal((6,)),
    ),
    ("a norm of positive values", lambda x: jnp.abs(x).sum(), lambda p, g: (g * jnp.ones_like(p[0]),), positive, x45),
)

ROWS = [*ZEROS, *RANGES, *ORDER]

"""Moving entries about, and small geometry."""

import jax.numpy as jnp

from . import sizes


@sizes(x="b n", y="b m")
def side_by_side(x, y):
    return jnp.concatenate([x**2, y**3], axis=-1)


def side_by_side_backward(primals, y_bar):
    x, y = primals
    n = x.shape[-1]
    return 2 * x * y_bar[:, :n], 3 * y**2 * y_bar[:, n:]


@sizes(x="b n m")
def flattened(x):
    return jnp.tanh(x.reshape(x.shape[0], -1))


def flattened_backward(primals, y_bar):
    (x,) = primals
    return ((1 - jnp.tanh(x) ** 2) * y_bar.reshape(x.shape),)


@sizes(x="n", y="m")
def sum_table(x, y):
    return x[:, None] + y[None, :] * x[:, None]


def sum_table_backward(primals, y_bar):
    x, y = primals
    x_bar = (y_bar * (1 + y)).sum(1)
    y_bar_ = (y_bar * x[:, None]).sum(0)
    return x_bar, y_bar_


@sizes(x="b n")
def reversed_square(x):
    return x[:, ::-1] ** 2


def reversed_square_backward(primals, y_bar):
    (x,) = primals
    return (2 * x * y_bar[:, ::-1],)


@sizes(x="b 3", y="b 3")
def cross_product(x, y):
    return jnp.cross(x, y)


def cross_product_backward(primals, y_bar):
    x, y = primals
    return jnp.cross(y, y_bar), jnp.cross(y_bar, x)


@sizes(q="b 4")
def rotation_matrix(q):
    w, x, y, z = q[:, 0], q[:, 1], q[:, 2], q[:, 3]
    rows = [
        jnp.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        jnp.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
    ]
    return jnp.stack(rows, 1)


def rotation_matrix_backward(primals, y_bar):
    (q,) = primals
    w, x, y, z = q[:, 0], q[:, 1], q[:, 2], q[:, 3]
    a, c, d = y_bar[:, 0, 0], y_bar[:, 0, 1], y_bar[:, 0, 2]
    e, f, g = y_bar[:, 1, 0], y_bar[:, 1, 1], y_bar[:, 1, 2]
    w_bar = 2 * (-z * c + y * d + z * e - x * g)
    x_bar = 2 * (y * c + z * d + y * e - 2 * x * f - w * g)
    y_bar_ = 2 * (-2 * y * a + x * c + w * d + x * e + z * g)
    z_bar = 2 * (-2 * z * a - w * c + x * d + w * e - 2 * z * f + y * g)
    return (jnp.stack([w_bar, x_bar, y_bar_, z_bar], -1),)


@sizes(J="b 2 3", S="b 3 3")
def projected_covariance(J, S):
    return J @ S @ J.swapaxes(-1, -2)


def projected_covariance_backward(primals, y_bar):
    J, S = primals
    JT = J.swapaxes(-1, -2)
    S_bar = JT @ y_bar @ J
    J_bar = y_bar @ J @ S.swapaxes(-1, -2) + y_bar.swapaxes(-1, -2) @ J @ S
    return J_bar, S_bar


@sizes(p="b 3 > 0", f="")
def pinhole(p, f):
    return f * p[:, :2] / p[:, 2:]


def pinhole_backward(primals, y_bar):
    p, f = primals
    xy, z = p[:, :2], p[:, 2:]
    g = f * y_bar / z
    z_bar = -(g * xy).sum(-1, keepdims=True) / z
    f_bar = (y_bar * xy / z).sum()
    return jnp.concatenate([g, z_bar], -1), f_bar


@sizes(S="b 2 2")
def determinant(S):
    return S[:, 0, 0] * S[:, 1, 1] - S[:, 0, 1] * S[:, 1, 0]


def determinant_backward(primals, y_bar):
    (S,) = primals
    top = jnp.stack([S[:, 1, 1], -S[:, 1, 0]], -1)
    bottom = jnp.stack([-S[:, 0, 1], S[:, 0, 0]], -1)
    return (y_bar[:, None, None] * jnp.stack([top, bottom], 1),)


@sizes(x="n")
def diagonal_matrix(x):
    return jnp.diag(x) ** 2


def diagonal_matrix_backward(primals, y_bar):
    (x,) = primals
    return (2 * x * jnp.diagonal(y_bar),)


@sizes(x="b n")
def polynomial(x):
    return 3 * x**4 - x**2 / 2 + 1 / x


def polynomial_backward(primals, y_bar):
    (x,) = primals
    return (y_bar * (12 * x**3 - x - x**-2),)

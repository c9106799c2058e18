"""Matrix products and what is made of them."""

import jax
import jax.numpy as jnp

from . import sizes


@sizes(x="b n", W="n m", c="m")
def affine(x, W, c):
    return x @ W + c


def affine_backward(primals, y_bar):
    x, W, _c = primals
    x_bar = y_bar @ W.T
    W_bar = x.T @ y_bar
    c_bar = y_bar.sum(0)
    return x_bar, W_bar, c_bar


@sizes(x="b t n", W="m n")
def affine_sequence(x, W):
    return jnp.einsum("btn,mn->btm", x, W)


def affine_sequence_backward(primals, y_bar):
    x, W = primals
    x_bar = jnp.einsum("btm,mn->btn", y_bar, W)
    W_bar = jnp.einsum("btm,btn->mn", y_bar, x)
    return x_bar, W_bar


@sizes(x="b n", A="p n", B="m p", W="m n")
def low_rank(x, A, B, W):
    return x @ W.T + 0.5 * (x @ A.T) @ B.T


def low_rank_backward(primals, y_bar):
    x, A, B, W = primals
    u = x @ A.T
    u_bar = 0.5 * y_bar @ B
    x_bar = y_bar @ W + u_bar @ A
    A_bar = u_bar.T @ x
    B_bar = 0.5 * y_bar.T @ u
    W_bar = y_bar.T @ x
    return x_bar, A_bar, B_bar, W_bar


@sizes(x="b n", y="b m", A="n m")
def bilinear(x, y, A):
    return (x @ A * y).sum(-1)


def bilinear_backward(primals, y_bar):
    x, y, A = primals
    g = y_bar[:, None]
    x_bar = g * (y @ A.T)
    other_bar = g * (x @ A)
    A_bar = x.T @ (g * y)
    return x_bar, other_bar, A_bar


@sizes(x="n", A="n n")
def quadratic(x, A):
    return 0.5 * x @ A @ x


def quadratic_backward(primals, y_bar):
    x, A = primals
    x_bar = 0.5 * y_bar * (A @ x + A.T @ x)
    A_bar = 0.5 * y_bar * jnp.outer(x, x)
    return x_bar, A_bar


@sizes(x="b n", y="m n")
def distances(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)


def distances_backward(primals, y_bar):
    x, y = primals
    gap = x[:, None, :] - y[None, :, :]
    x_bar = 2 * (y_bar[:, :, None] * gap).sum(1)
    other_bar = -2 * (y_bar[:, :, None] * gap).sum(0)
    return x_bar, other_bar


@sizes(x="b n", y="m n")
def kernel_matrix(x, y):
    return jnp.exp(-0.5 * ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1))


def kernel_matrix_backward(primals, y_bar):
    x, y = primals
    gap = x[:, None, :] - y[None, :, :]
    k_bar = y_bar * jnp.exp(-0.5 * (gap**2).sum(-1))
    x_bar = -(k_bar[:, :, None] * gap).sum(1)
    other_bar = (k_bar[:, :, None] * gap).sum(0)
    return x_bar, other_bar


@sizes(x="b n", y="b n")
def cosine(x, y):
    return (x * y).sum(-1) / jnp.sqrt((x**2).sum(-1) * (y**2).sum(-1))


def cosine_backward(primals, y_bar):
    x, y = primals
    xx = (x**2).sum(-1, keepdims=True)
    yy = (y**2).sum(-1, keepdims=True)
    r = jnp.sqrt(xx * yy)
    c = (x * y).sum(-1, keepdims=True) / r
    g = y_bar[:, None]
    x_bar = g * (y / r - c * x / xx)
    other_bar = g * (x / r - c * y / yy)
    return x_bar, other_bar


@sizes(x="b n", y="b m")
def outer_product(x, y):
    return jnp.einsum("bn,bm->bnm", x, y)


def outer_product_backward(primals, y_bar):
    x, y = primals
    return jnp.einsum("bnm,bm->bn", y_bar, y), jnp.einsum("bnm,bn->bm", y_bar, x)


@sizes(x="b n", V="n k")
def factorisation_machine(x, V):
    return 0.5 * (((x @ V) ** 2).sum(-1) - ((x**2) @ (V**2)).sum(-1))


def factorisation_machine_backward(primals, y_bar):
    x, V = primals
    g = y_bar[:, None]
    s = x @ V
    x_bar = g * (s @ V.T - x * (V**2).sum(-1))
    V_bar = x.T @ (g * s) - V * (g * x**2).sum(0)[:, None]
    return x_bar, V_bar


@sizes(A="b n m", B="b m p")
def batched_product(A, B):
    return A @ B


def batched_product_backward(primals, y_bar):
    A, B = primals
    A_bar = y_bar @ B.swapaxes(-1, -2)
    B_bar = A.swapaxes(-1, -2) @ y_bar
    return A_bar, B_bar


@sizes(A="n n")
def trace_of_square(A):
    return jnp.trace(A @ A)


def trace_of_square_backward(primals, y_bar):
    (A,) = primals
    return (2 * y_bar * A.T,)


@sizes(A="n m", x="m", c="n")
def least_squares(A, x, c):
    r = A @ x - c
    return 0.5 * (r * r).sum()


def least_squares_backward(primals, y_bar):
    A, x, c = primals
    r = A @ x - c
    A_bar = y_bar * jnp.outer(r, x)
    x_bar = y_bar * A.T @ r
    c_bar = -y_bar * r
    return A_bar, x_bar, c_bar


@sizes(x="b n", W1="n m", W2="n m", W3="m n")
def gated_network(x, W1, W2, W3):
    return (jax.nn.silu(x @ W1) * (x @ W2)) @ W3


def gated_network_backward(primals, y_bar):
    x, W1, W2, W3 = primals
    a = x @ W1
    c = x @ W2
    s = jax.nn.sigmoid(a)
    h_bar = y_bar @ W3.T
    a_bar = h_bar * c * s * (1 + a * (1 - s))
    c_bar = h_bar * a * s
    x_bar = a_bar @ W1.T + c_bar @ W2.T
    W1_bar = x.T @ a_bar
    W2_bar = x.T @ c_bar
    W3_bar = (a * s * c).T @ y_bar
    return x_bar, W1_bar, W2_bar, W3_bar


@sizes(mu="b n", s="b n", noise="b n")
def reparametrised(mu, s, noise):
    return mu + jnp.exp(0.5 * s) * noise


def reparametrised_backward(primals, y_bar):
    _mu, s, noise = primals
    sd = jnp.exp(0.5 * s)
    return y_bar, 0.5 * y_bar * noise * sd, y_bar * sd

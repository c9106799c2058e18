"""The NumPy interpreter gives what JAX gives, for every operation it knows and for whole backward passes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mistakes.network import networks
from right_backwards import AWKWARD
from right_backwards import NETWORKS as RIGHT

from functional_bp.checking.program.on_numpy import RULES
from functional_bp.checking.program.run import by_numpy, run_on_numpy

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4))
N = np.array([[3, -7, 2], [5, 1, -4]])
PROGRAMS = {
    "arithmetic": lambda a, b: (a + b) * a - b / a,
    "integers": lambda a, b: (jnp.asarray(N) // 2, jax.lax.div(jnp.asarray(N), jnp.asarray(N[::-1])), N**2),
    "remainders": lambda a, b: (jax.lax.rem(a, b), jax.lax.shift_right_logical(jnp.abs(jnp.asarray(N)), 1)),
    "parts": lambda a, b: jnp.split(a, [1, 3], axis=1),
    "powers": lambda a, b: (a**3, a**-2, jnp.abs(a) ** b, jnp.square(a), jnp.cbrt(a)),
    "functions": lambda a, b: [f(a) for f in (jnp.exp, jnp.tanh, jnp.sin, jnp.cos, jnp.tan, jnp.sinh, jnp.cosh)],
    "more": lambda a, b: [f(a) for f in (jax.nn.sigmoid, jax.scipy.special.erf, jnp.arctan, jnp.expm1, jnp.exp2)],
    "domains": lambda a, b: [f(jnp.abs(jnp.sin(a))) for f in (jnp.sqrt, jax.lax.rsqrt, jnp.log, jnp.log1p, jnp.arccos)],
    "more of them": lambda a, b: (jnp.arcsin(jnp.sin(a)), jnp.arctan2(a, b), jax.lax.clamp(-0.5, a, 0.5)),
    "iota": lambda a, b: jax.lax.iota(int, 5),
    "comparisons": lambda a, b: (a < b, a <= b, a > b, a >= b, a == b, a != b),
    "logic": lambda a, b: (~(a < b), (a < b) & (b < 1), (a < b) ^ (b < 1), (a < b) | (b < 1), ~jnp.asarray(N)),
    "choices": lambda a, b: (jnp.where(a < b, a, b), jnp.maximum(a, b), jnp.minimum(a, b), jnp.clip(a, -0.5, 0.5)),
    "rounding": lambda a, b: (jnp.floor(a), jnp.ceil(a), jnp.sign(a), jnp.abs(a), jnp.isfinite(a)),
    "reductions": lambda a, b: (a.sum(0), a.prod(1), a.max(), a.min(1), a.argmax(1), a.argmin(0)),
    "quantifiers": lambda a, b: ((a < 9).all(), (a < 0).any(1)),
    "cumulated": lambda a, b: (jnp.cumsum(a, 1), jnp.cumprod(a, 0), jax.lax.cummax(a, 1, reverse=True)),
    "layout": lambda a, b: (a.T, a.reshape(2, 6), a[None], a[::-1], a[1:, ::2], jnp.concatenate([a, b], 1)),
    "axes": lambda a, b: (jnp.squeeze(a[:1]), jax.lax.stop_gradient(a), jnp.copy(a)),
    "padding": lambda a, b: (jnp.pad(a, 1), jax.lax.pad(a, 0.0, [(1, 2, 0), (-1, 0, 2)])),
    "products": lambda a, b: (a @ b.T, jnp.einsum("ij,ij->i", a, b), jnp.einsum("bij,bjk->bik", a[None], b.T[None])),
    "slices": lambda a, b: (jax.lax.dynamic_slice(a, (1, 9), (2, 2)), jax.lax.dynamic_update_slice(a, b[:1], (2, 0))),
    "control": lambda a, b: (
        jax.lax.scan(lambda c, x: (c + x, c * x), a[0], a, reverse=True),
        jax.lax.while_loop(lambda c: c[0] < 5, lambda c: (c[0] + 1, c[1] * 2), (0, a)),
        jax.lax.cond(a.sum() > 1e9, lambda x: x, lambda x: -x, a),
        jax.lax.fori_loop(0, 3, lambda i, x: x * i + 1, a),
    ),
    "complex": lambda a, b: (jnp.real(a + 1j * b), jnp.imag(jnp.exp(1j * a)), jnp.conj(a + 1j * b)),
    "derivatives": lambda a, b: jax.grad(lambda a: (a * jnp.tanh(a) + jnp.exp(a)).sum())(a),
    "gathered": lambda a, b: (a[jnp.array([2, 0])], a[:, jnp.array([1, 3])], a[jnp.array([0, 2]), jnp.array([1, 3])]),
    "gathered with an edge": lambda a, b: (a[jnp.array([2, 9])], a.at[jnp.array([1, 9])].get(mode="fill"), a[2, 3]),
    "along an axis": lambda a, b: (jnp.take_along_axis(a, jnp.array([[1], [0], [3]]), 1), jnp.take(a, 5, axis=1)),
    "scattered": lambda a, b: (
        a.at[jnp.array([0, 0])].add(1.0),
        a.at[jnp.array([0, 9])].set(b[:2]),
        a.at[:, jnp.array([1, 1])].max(b[:, :2]),
        a.at[1].min(0.0),
        a.at[0, 1].multiply(3.0),
    ),
    "batched": lambda a, b: jax.vmap(lambda r, i: r[i])(a, jnp.array([1, 0, 3])),
    "batched slices": lambda a, b: jax.vmap(lambda r, i: jax.lax.dynamic_slice(r, (i,), (2,)))(a, jnp.array([1, 0, 3])),
    "gradients of gathers": lambda a, b: jax.grad(lambda a: (a[jnp.array([2, 0, 2])] ** 2).sum() + a[:, 1].prod())(a),
    "by JAX": lambda a, b: jnp.sort(a, 1),
}  # fmt: skip


def compare(function, *arguments):
    closed = jax.make_jaxpr(function)(*arguments)
    expected = jax.tree.leaves(function(*map(jnp.asarray, arguments)))
    found = run_on_numpy(closed, arguments)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, 1e-9, 1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_what_jax_gives(name):
    with jax.enable_x64(True), jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        compare(PROGRAMS[name], A, B)


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("case", [*RIGHT, *AWKWARD, *networks()], ids=lambda case: case.name)
def test_a_backward_pass_gives_what_jax_gives(case):
    primals = case.primals(0, "float64") if callable(case.primals) else case.primals
    with jax.enable_x64(True), jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        leaves, tree = jax.tree.flatten(primals)
        leaves = [a.astype("float64") if a.dtype.kind == "f" else a for a in map(np.asarray, leaves)]
        floats = [i for i, a in enumerate(leaves) if a.dtype.kind == "f"]

        def forward(*given):
            filled = list(leaves)
            for i, a in zip(floats, given, strict=True):
                filled[i] = a
            return case.forward(*jax.tree.unflatten(tree, filled))

        def pulled(*given):
            y, pull = jax.vjp(forward, *given)
            return y, pull(jax.tree.map(jnp.ones_like, y))

        compare(pulled, *(leaves[i] for i in floats))


def test_every_rule_is_tried():
    seen = set()

    def note(equation, operands):
        seen.add(equation.primitive.name)
        return by_numpy(equation, operands)

    with pytest.MonkeyPatch.context() as patch, jax.enable_x64(True), jax.numpy_rank_promotion("allow"):
        patch.setattr("functional_bp.checking.program.run.by_numpy", note)
        with jax.numpy_dtype_promotion("standard"):
            for function in PROGRAMS.values():
                run_on_numpy(jax.make_jaxpr(function)(A, B), [A, B])
    assert set(RULES) - seen == set()

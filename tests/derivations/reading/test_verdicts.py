"""What is said: proofs with their sizes and conditions, refutations that the code confirms, and what is not decided."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derivations.reading import prove_backward, prove_custom_vjp
from derivations.reading.meant import meant
from derivations.reading.rows import ROWS
from functional_bp.errors import InputError

X = np.linspace(-1, 2, 6, dtype=np.float32).reshape(2, 3)


def statuses(proofs):
    return [f.status for f in proofs.findings]


def test_a_proof_says_for_which_sizes_and_where():
    proofs = prove_backward(lambda x: jnp.log(x), lambda p, g: (g / p[0],), X + 2)
    assert proofs.proven
    assert proofs.sizes == "for all n, m ≥ 1"
    assert proofs.findings[0].conditions == ("x_ij > 0",)


def test_a_refutation_holds_the_values_at_which_the_code_errs():
    (finding,) = prove_backward(lambda x: x**2, lambda p, g: (p[0] * g,), X).findings
    assert finding.status == "refuted"
    point = finding.refutation
    x, g = (np.asarray(point.values[name]) for name in ("x", "y_bar"))
    assert point.claimed == pytest.approx((x * g)[point.index])
    assert point.true == pytest.approx((2 * x * g)[point.index])


def one_row_is_wrong(primals, y_bar):
    (x,) = primals
    return (x * y_bar if x.shape[0] == 1 else 2 * x * y_bar,)


def one_row_is_written_otherwise(primals, y_bar):
    (x,) = primals
    return (x * y_bar + y_bar * x if x.shape[0] == 1 else 2 * x * y_bar,)


def seventeen_rows_are_wrong(primals, y_bar):
    (x,) = primals
    return (x * y_bar if x.shape[0] == 17 else 2 * x * y_bar,)


def test_a_branch_for_a_size_of_one_is_looked_at():
    """A trace at symbolic sizes never sees it."""
    assert statuses(prove_backward(lambda x: x**2, one_row_is_wrong, X)) == ["refuted"]
    assert prove_backward(lambda x: x**2, one_row_is_written_otherwise, X).proven


def test_a_branch_for_a_size_that_the_source_names_is_looked_at():
    assert statuses(prove_backward(lambda x: x**2, seventeen_rows_are_wrong, X)) == ["refuted"]


def test_axes_that_are_equal_by_accident_are_told_apart():
    """Where the example is square, W and its transpose have one shape."""
    W = np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3)
    proofs = prove_backward(lambda W: W**2, lambda p, g: (2 * p[0] * g,), W)
    assert proofs.proven
    assert proofs.sizes == "for all n, m ≥ 1"


def test_a_mistake_that_needs_unequal_sizes_to_show_is_not_proven():
    def backward(primals, y_bar):
        (W,) = primals
        return (y_bar * W.shape[0] * jnp.ones_like(W),)

    W = np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3)
    assert statuses(prove_backward(lambda W: W.shape[1] * W.sum(), backward, W)) == ["refuted"]


def test_what_stops_the_gradient_keeps_its_value():
    def forward(x):
        return x * jax.lax.stop_gradient(x)

    assert prove_backward(forward, lambda p, g: (g * p[0],), X).proven
    assert statuses(prove_backward(forward, lambda p, g: (2 * g * p[0],), X)) == ["refuted"]


def test_a_maximum_is_a_shift_only_if_it_cancels():
    def shifted(x):
        m = x.max(-1, keepdims=True)
        return jnp.log(jnp.exp(x - m).sum(-1)) + m[:, 0]

    def not_shifted(x):
        return jnp.log(jnp.exp(x - x.max(-1, keepdims=True)).sum(-1))

    def backward(primals, y_bar):
        return (jax.nn.softmax(primals[0]) * y_bar[:, None],)

    assert prove_backward(shifted, backward, X).proven
    assert statuses(prove_backward(not_shifted, backward, X)) == ["refuted"]


@pytest.mark.parametrize("scale", [lambda d: d**-0.5, lambda d: 1 / math.sqrt(d), lambda d: 1 / np.sqrt(d)])
def test_roots_of_sizes_are_read_however_they_are_written(scale):
    def backward(primals, y_bar):
        return (y_bar * scale(primals[0].shape[-1]),)

    proofs = prove_backward(lambda x: x * scale(x.shape[-1]), backward, X)
    assert proofs.proven, str(proofs)


def test_what_is_not_read_is_named_with_its_line():
    def backward(primals, y_bar):
        return (y_bar * jax.scipy.special.digamma(primals[0]),)

    proofs = prove_backward(lambda x: jax.scipy.special.gammaln(x), backward, X + 2)
    assert statuses(proofs) == ["undecided"]
    assert "`lgamma` (test_verdicts.py:" in proofs.findings[0].reason


def test_a_row_that_errs_proves_nothing(monkeypatch):
    """The formulas are held against the code before they are believed."""
    monkeypatch.setitem(ROWS, "tanh", ROWS["sin"])
    proofs = prove_backward(lambda x: jnp.tanh(x), lambda p, g: (g * (1 - jnp.tanh(p[0]) ** 2),), X)
    assert statuses(proofs) == ["undecided"]
    assert "read otherwise than it is computed" in proofs.findings[0].reason


def test_numbers_are_read_as_they_were_meant():
    assert str(meant(np.float32(1e-5))) == "1/100000"
    assert str(meant(np.float32(1 / 3))) == "1/3"
    assert str(meant(np.float32(math.sqrt(2 / math.pi)))) == "sqrt(2)/sqrt(pi)"
    assert str(meant(np.float32(-0.044715))) == "-8943/200000"


def test_a_custom_vjp_is_proven_against_the_function_itself():
    @jax.custom_vjp
    def f(x, n):
        return jnp.sin(x) * n

    f.defvjp(lambda x, n: (f(x, n), (x, n)), lambda r, g: (jnp.cos(r[0]) * r[1] * g, (jnp.sin(r[0]) * g).sum()))
    assert prove_custom_vjp(f, X, np.float32(2)).proven
    f.defvjp(lambda x, n: (f(x, n), (x, n)), lambda r, g: (jnp.cos(r[0]) * g, (jnp.sin(r[0]) * g).sum()))
    assert statuses(prove_custom_vjp(f, X, np.float32(2))) == ["refuted", "proven"]


def test_trees_and_several_outputs():
    def forward(params, x):
        return {"a": params["w"] * x, "b": x**2}

    def backward(primals, y_bar):
        params, x = primals
        return {"w": (y_bar["a"] * x).sum()}, params["w"] * y_bar["a"] + 2 * x * y_bar["b"]

    assert prove_backward(forward, backward, {"w": np.float32(2)}, X).proven


def test_bad_questions_are_refused_in_a_line():
    with pytest.raises(InputError, match="nothing to prove"):
        prove_backward(lambda n: n, lambda p, g: (None,), np.arange(3))
    with pytest.raises(InputError, match="2 axes, but 1 names"):
        prove_backward(lambda x: x, lambda p, g: (g,), X, sizes={"x": "n"})
    with pytest.raises(InputError, match="is no size"):
        prove_backward(lambda x: x, lambda p, g: (g,), X, sizes={"x": "n f(m)"})

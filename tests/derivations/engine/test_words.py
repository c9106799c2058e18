"""Each row of the table of words against JAX, which knows nothing of it: value, slope, sign, reflection, definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import IndexedBase, Symbol

from derivations import dimension, emit, index, judge
from derivations.engine.language.words import ROWS, WORDS
from derivations.engine.numbers.arithmetic import Floats, Intervals
from derivations.engine.numbers.evaluate import Evaluation

pytestmark = pytest.mark.usefixtures("float64")
x = Symbol("x")
every_row = pytest.mark.parametrize("word", ROWS, ids=lambda word: word.name)
POINTS = np.array([0.3, 0.7, 1.9])
REFERENCES = {"gelu": lambda x: jax.nn.gelu(x, approximate=False)}


def reference(word):
    if word.name in REFERENCES:
        return REFERENCES[word.name]
    function = jax
    for part in word.jax.split("."):
        function = getattr(function, part)
    return function


def points(word):
    return POINTS if word.name == "log" else np.concatenate([POINTS, -POINTS / 2])


def emitted(formula):
    return np.array([emit(formula)(x=p) for p in POINTS])


def test_one_row_a_function():
    assert len(WORDS) == len(ROWS) == len({word.name for word in ROWS})


@every_row
def test_values_are_jax_s(word):
    from fractions import Fraction

    for value in points(word):
        point = Fraction(float(value)).limit_denominator(1000)
        expected = float(reference(word)(jnp.asarray(float(point))))
        for arithmetic in (Floats(), Intervals()):
            evaluation = Evaluation(arithmetic, {}, lambda *_: point, lambda *_: point)  # noqa: B023
            found = evaluation(word.function(x), {})
            low, high = (found, found) if isinstance(arithmetic, Floats) else arithmetic.bounds(found)
            assert float(low) == pytest.approx(expected, rel=1e-12, abs=1e-14)
            assert float(high) == pytest.approx(expected, rel=1e-12, abs=1e-14)


@every_row
def test_the_slope_is_jax_s(word):
    slope = jax.vmap(jax.grad(reference(word)))(jnp.asarray(points(word)))
    found = [emit(word.slope(x))(x=p) for p in points(word)]
    np.testing.assert_allclose(found, slope, rtol=1e-10)


@every_row
def test_it_is_emitted(word):
    n = dimension("n")
    z, i = IndexedBase("z"), index("i", n)
    np.testing.assert_allclose(
        emit(word.function(z[i]), (i,))(z=jnp.asarray(points(word))), reference(word)(points(word)), rtol=1e-10
    )


@every_row
def test_sign_and_reflection_hold(word):
    values = reference(word)(jnp.asarray(POINTS))
    if word.sign == 2:
        assert (reference(word)(jnp.asarray(points(word))) > 0).all()
    if word.reflection:
        a, b, c = word.reflection
        np.testing.assert_allclose(reference(word)(-jnp.asarray(POINTS)), a + b * POINTS + c * values, rtol=1e-12)


@every_row
def test_what_it_is_written_as_is_equal_to_it(word):
    for written in (word.definition, word.by_exp):
        if written is not None:
            assert judge(word.function(x), written(x), diagnose=False), word.name
            np.testing.assert_allclose(emitted(written(x)), reference(word)(jnp.asarray(POINTS)), rtol=1e-10)


@every_row
def test_the_prover_knows_it(word):
    verdict = judge(word.function(x) * 2, word.function(x) + word.function(x))
    assert verdict
    false = judge(word.function(x), word.function(x) + word.function(x) ** 2, diagnose=False)
    assert false.status == "refuted"

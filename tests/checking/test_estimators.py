"""Deliberate estimators: wrong unless one says that they are meant, recognised by name, judged by their surrogate."""

import inspect

import jax
import jax.numpy as jnp
import pytest
from estimators import ESTIMATORS
from judging import trigger_said

from functional_bp.checking import check_backward

pytestmark = pytest.mark.slow

OPTIONS = inspect.signature(check_backward).parameters
BY_SURROGATE = [estimator for estimator in ESTIMATORS if estimator.surrogate is not None]

each = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: estimator.name)
meant = pytest.mark.skipif("intended" not in OPTIONS, reason="the checker has no intended= yet")
judged = pytest.mark.skipif("surrogate" not in OPTIONS, reason="the checker has no surrogate= yet")


@pytest.fixture(autouse=True)
def ordinary_promotion():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def test_there_are_thirty():
    assert len(ESTIMATORS) >= 29
    assert len(BY_SURROGATE) >= 20


@pytest.mark.slow
@pytest.mark.walk
@each
def test_an_estimator_is_wrong_unless_it_is_meant(estimator):
    assert not check_backward(estimator.forward, estimator.backward, *estimator.primals).ok


@meant
@pytest.mark.slow
@pytest.mark.walk
@each
def test_an_estimator_is_named(estimator):
    report = check_backward(estimator.forward, estimator.backward, *estimator.primals)
    assert trigger_said(report, estimator.said), report


@meant
@pytest.mark.walk
@each
def test_what_is_meant_passes(estimator):
    report = check_backward(estimator.forward, estimator.backward, *estimator.primals, intended=estimator.name)
    assert report.ok, report


@meant
def test_what_is_meant_must_still_have_the_shape():
    def backward(primals, y_bar):
        return (y_bar[:1],)

    assert not check_backward(jnp.round, backward, *ESTIMATORS[0].primals, intended="straight-through").ok


@judged
@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("estimator", BY_SURROGATE, ids=lambda estimator: estimator.name)
def test_the_surrogate_judges(estimator):
    report = check_backward(estimator.forward, estimator.backward, *estimator.primals, surrogate=estimator.surrogate)
    assert report.ok == (estimator.name != "ReLU with a leak"), report


@judged
@pytest.mark.walk
@pytest.mark.parametrize("estimator", BY_SURROGATE, ids=lambda estimator: estimator.name)
def test_another_surrogate_is_wrong(estimator):
    def other(*primals):
        return 2 * estimator.surrogate(*primals)

    assert not check_backward(estimator.forward, estimator.backward, *estimator.primals, surrogate=other).ok

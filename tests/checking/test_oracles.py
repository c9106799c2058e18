"""The numerical oracles and the parts of the kink search, against values known by hand."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward
from functional_bp.checking.examination import Examination
from functional_bp.checking.program.compiled import programs_for
from functional_bp.checking.question.problem import Point, pose
from functional_bp.checking.truth.autodiff import AutodiffOracle
from functional_bp.checking.truth.differences import NumericalOracle
from functional_bp.checking.truth.tolerance import excess, tolerance
from functional_bp.checking.verdict.companions import Options
from functional_bp.checking.verdict.kinks import from_ordinal, nearest_in_hull, ordinal, search

X = np.array([0.3, -1.2, 2.5])


def posed(forward, *primals, backward=lambda p, g: p):
    problem, floats, indices = pose(forward, backward, primals)
    return programs_for(problem, floats, indices), floats


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_finite_differences_stay_within_their_own_error(scale):
    def forward(x):
        x = np.asarray(x) / scale
        return x**3 + np.abs(x - 5)  # abs keeps the complex step away

    programs, floats = posed(forward, (X * scale).astype("float32"))
    oracle = NumericalOracle(programs)
    (x,) = floats
    _, (x_bar,), (error,) = oracle([Point("", floats, (), (np.ones(3, "float32"),))])
    true = (3 * (x.astype("float64") / scale) ** 2 - 1) / scale
    assert oracle.name.startswith("finite differences")
    assert np.all(np.abs(x_bar[0] - true) <= 3 * error[0])
    assert np.all(error[0] <= 1e-6 * np.abs(true).max())


def test_the_error_spans_the_clarke_interval_at_a_kink():
    programs, floats = posed(lambda x: np.abs(np.asarray(x)), np.zeros(1, "float32"))
    _, (x_bar,), (error,) = NumericalOracle(programs)([Point("", floats, (), (np.ones(1, "float32"),))])
    assert error[0, 0] >= 1
    assert abs(x_bar[0, 0]) < 1e-6


def test_the_complex_step_is_exact_and_only_taken_for_analytic_functions():
    programs, floats = posed(lambda x: np.exp(np.asarray(x)), X.astype("float32"))
    oracle = NumericalOracle(programs)
    _, (x_bar,), _ = oracle([Point("", floats, (), (np.ones(3, "float32"),))])
    assert oracle.name == "complex step"
    np.testing.assert_allclose(x_bar[0], np.exp(floats[0].astype("float64")), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_ordinals_follow_the_order_of_the_numbers(dtype):
    numbers = np.array([-np.inf, -2.5, -1e-7, 0.0, 1e-7, 1.0, 3.75, np.inf], dtype)
    places = [ordinal(number, numbers.dtype) for number in numbers]
    assert places == sorted(places)
    assert [from_ordinal(place, numbers.dtype) for place in places] == [float(number) for number in numbers]
    following = np.nextafter(numbers.dtype.type(1), numbers.dtype.type(2))
    assert ordinal(following, numbers.dtype) == ordinal(1.0, numbers.dtype) + 1


def test_the_search_lands_on_the_kink_itself():
    def forward(x):
        return jnp.maximum(x, jnp.full_like(x, 0.625))

    programs, floats = posed(forward, X.astype("float32"))
    found = list(search(AutodiffOracle(programs), Point("", floats, (), (np.ones(3, "float32"),))))
    assert any(np.float32(0.625) in point.floats[0] for point in found)


def test_the_nearest_point_of_a_hull():
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(nearest_in_hull(np.array([0.25, 0.5]), square), [0.25, 0.5], atol=1e-6)
    np.testing.assert_allclose(nearest_in_hull(np.array([2.0, 0.5]), square), [1.0, 0.5], atol=1e-3)


def test_the_tolerance_grows_with_what_jax_itself_loses():
    truth, none = np.array([[1.0, 2.0]]), np.zeros((1, 2))
    exact = tolerance(truth, truth, none, 1e-7, 0.0)
    lossy = tolerance(truth, truth + 1e-3, none, 1e-7, 0.0)
    assert np.all(lossy > exact + 5e-3)
    assert np.all(excess(truth * 1.001, truth, exact) > 1)
    assert np.all(excess(truth * 1.001, truth, lossy) < 1)
    assert np.all(excess(np.full((1, 2), np.nan), truth, lossy) == np.inf)


def test_random_numbers_drawn_in_another_precision_are_no_truth():
    def forward(x, key):
        return x * jax.random.uniform(key, x.shape, x.dtype)

    def backward(primals, y_bar):
        return jax.random.uniform(primals[1], primals[0].shape, y_bar.dtype) * y_bar, None

    options = Options("backward")
    report = Examination(*pose(forward, backward, (X.astype("float32"), jax.random.key(0))), options).report()
    assert report.ok, report
    assert report.oracles == ("jax.vjp in the forward's own dtype",)


def test_programs_are_found_again_although_a_typed_key_has_no_hash():
    def forward(x, key):
        return x * jax.random.uniform(key, x.shape, x.dtype)

    def found(seed):
        problem, floats, indices = pose(forward, forward, (X.astype("float32"), jax.random.key(seed)))
        return programs_for(problem, floats, indices)

    assert found(0) is found(0)
    assert found(0) is not found(1)


slow = partial(pytest.param, marks=pytest.mark.slow)


@pytest.mark.parametrize(("dtype", "wrong"), [("float32", 12_345), slow("float64", 0), slow("float64", 19_999)])
def test_one_wrong_element_of_20000_is_found_through_random_directions(wrong, dtype):
    """Differences visit 512 coordinates; which ones, the claim's own projections tell."""
    x = np.random.default_rng(3).standard_normal(20_000).astype("float32")

    def forward(x):
        return np.arctan(np.asarray(x).astype(dtype))

    def backward(primals, y_bar):
        x_bar = np.asarray(y_bar) / (1 + np.asarray(primals[0]) ** 2)
        x_bar[wrong] *= 1.5
        return x_bar

    report = check_backward(forward, backward, x)
    assert report.verdicts[0].worst[0].index == (wrong,), report
    assert report.verdicts[0].wrong == 1


def test_a_right_one_of_20000_passes_though_much_of_it_lies_at_kinks():
    def forward(x):
        return np.sort(np.abs(np.asarray(x)).reshape(200, 100), axis=1)

    def backward(primals, y_bar):
        x, g = (np.asarray(a).reshape(200, 100) for a in (primals[0], y_bar))
        x_bar = np.empty_like(g)
        np.put_along_axis(x_bar, np.argsort(np.abs(x), axis=1, kind="stable"), g, axis=1)
        return (x_bar * np.sign(x)).reshape(-1)

    x = np.round(np.random.default_rng(3).standard_normal(20_000), 1).astype("float32")
    report = check_backward(forward, backward, x)
    assert report.ok, report


def test_what_float64_loses_by_cancellation_is_known_from_rounding_its_steps_at_random():
    """(x + 1e8) − 1e8 squared keeps eight digits in float64; x² keeps all."""
    for shift, lost in ((1e8, 1e-8), (0.0, 1e-15)):

        def forward(x, shift=shift):
            return ((x + shift) - shift) ** 2

        programs, floats = posed(forward, X)
        point = Point("", tuple(a.astype("float64") for a in floats), (), (np.ones(3),))
        error = np.abs(AutodiffOracle(programs).lost(point, 0)[0])
        assert np.all((0.01 * lost < error) & (error < 10 * lost)), error


def test_below_the_smallest_normal_number_more_is_lost():
    """√x² in float16: of x = 1/1000 the square is 10⁻⁶, and numbers there are 6·10⁻⁸ apart."""
    programs, _ = posed(lambda x: jnp.sqrt(x * x), np.ones(1, "float16"))
    small, ordinary = (
        AutodiffOracle(programs).lost(Point("", (np.array([x], "float16"),), (), (np.ones(1),)), 0)[0]
        for x in (1e-3, 1.0)
    )
    assert np.all(ordinary == 0), ordinary  # half precision is granted its gaps alone
    assert np.all((small > 0.01) & (small < 0.2)), small


def test_what_a_claim_loses_by_its_own_roundings_is_known():
    """4 (10⁶ + x − 10⁶) ȳ keeps ten digits in float64."""

    def backward(primals, y_bar):
        return (4 * (1e6 + primals[0] - 1e6) * y_bar,)

    programs, floats = posed(lambda x: 2 * x * x, X, backward=backward)
    point = Point("", tuple(a.astype("float64") for a in floats), (), (np.ones(3),))
    own, claimed = AutodiffOracle(programs).lost(point, 0)
    assert np.all((claimed > 1e-11) & (claimed < 1e-9)), claimed
    assert np.all(own < 1e-14)


def test_the_factors_of_a_product_are_found_inside_its_parts():
    programs, floats = posed(lambda x: jnp.prod(jnp.exp(x)) + jnp.sum(1e6 + x), np.array([5.0, 7.0, -20.0], "float32"))
    found = AutodiffOracle(programs).largest_factor(Point("", floats, (), ()))
    np.testing.assert_allclose(found, np.exp(6.0), rtol=1e-3)


def test_what_is_doubted_at_one_point_is_not_at_another():
    """A forward that is another function in float16 where its argument is small: float64 is no truth there."""

    def slope(x):
        return jnp.where((jnp.abs(x) < 1) & (x.dtype == np.float16), jnp.full_like(x, 2), jnp.ones_like(x))

    def forward(x):
        return slope(x) * x

    def backward(primals, y_bar):
        return (slope(primals[0]) * y_bar,)

    small, large = np.full(3, 0.3, "float16"), np.full(3, 1024, "float16")
    doubted, believed = (check_backward(forward, backward, x) for x in (small, large))
    assert doubted.oracles == ("jax.vjp in the forward's own dtype",)
    assert believed.oracles == ("jax.vjp in float64", "jax.vjp in float16")

"""Every test runs with strict dtype and rank promotion; warnings are errors (pyproject.toml)."""

from collections import Counter

import jax
import jaxtyping
import pytest

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


SAMPLE = 5  # of a long walk one case in so many; no divisor of the number of dtypes, so that each has its turn


def pytest_addoption(parser):
    parser.addoption("--interruptions", type=int, default=3, help="signals and kills that a run outlives; default 3")
    parser.addoption("--seeds", type=int, default=1, help="of each case in the walk for false alarms; default 1")
    parser.addoption("--claims", type=int, default=500, help="random claims for the prover; default 500")
    parser.addoption("--whole", action="store_true", help="every case of each long walk; by default one in five")


def pytest_collection_modifyitems(config, items):
    """Of each test marked as a walk one case in SAMPLE is kept, unless --whole."""
    if config.getoption("--whole"):
        return
    seen, left_out = Counter(), []
    for item in items:
        if item.get_closest_marker("walk"):
            seen[item.function] += 1
            if seen[item.function] % SAMPLE != 1:
                left_out.append(item)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def claims(request):
    return request.config.getoption("--claims")


@pytest.fixture
def many_claims(claims):
    """Whether the long walks over claims are asked for."""
    return claims > 500


@pytest.fixture
def seeds(request):
    return request.config.getoption("--seeds")


@pytest.fixture
def step(request):
    """Of a long walk inside one test: every case with --whole, else one in SAMPLE."""
    return 1 if request.config.getoption("--whole") else SAMPLE


@pytest.fixture
def float64():
    """float64 for one test; the default stays float32."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def unchecked():
    """Without the shape checks that only tests have, so that the library's own errors show."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def unoptimised():
    """Without most of XLA's optimisations: they cost more than they save where the question is only what is right."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture
def interruptions(request):
    return request.config.getoption("--interruptions")

"""Every test runs with strict dtype and rank promotion; warnings are errors (pyproject.toml)."""

import jax
import jaxtyping
import pytest

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_addoption(parser):
    parser.addoption("--seeds", type=int, default=1, help="of each case in the walk for false alarms; default 1")
    parser.addoption("--claims", type=int, default=500, help="random claims for the prover; default 500")


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

"""No false proof: what is wrong at some sizes, for some kinds of numbers or at some places."""

import attacks
import attacks_by_code
import jax
import pytest

from derivations.reading import prove_backward
from derivations.reading.regions import Region, at_least, parsed, solutions, whole

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(autouse=True)
def as_people_write():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def status(proofs):
    return "proven" if proofs.proven else "refuted" if proofs.refuted else "undecided"


@pytest.mark.walk
@pytest.mark.parametrize("name", attacks.BY_SIZE)
def test_what_is_wrong_at_some_sizes_is_refuted(name):
    assert status(prove_backward(*attacks.BY_SIZE[name], attacks.X)) == "refuted"


@pytest.mark.walk
@pytest.mark.parametrize("name", attacks.BY_VALUE)
def test_what_is_wrong_for_some_numbers_is_not_proven_without_a_word(name):
    pair, primals, expected, said = attacks.BY_VALUE[name]
    proofs = prove_backward(*pair, *primals)
    assert status(proofs) == expected, str(proofs)
    assert said in str(proofs)


@pytest.mark.walk
@pytest.mark.parametrize("name", attacks_by_code.WRONG)
def test_what_is_wrong_somewhere_is_not_proven(name):
    pair, primals = attacks_by_code.WRONG[name]
    proofs = prove_backward(*pair, *primals, limit=10)
    assert not proofs.proven, str(proofs)


@pytest.mark.slow
@pytest.mark.parametrize("name", attacks.RIGHT_BY_SIZE)
def test_what_is_right_in_every_branch_is_proven(name):
    proofs = prove_backward(*attacks.RIGHT_BY_SIZE[name], attacks.X)
    assert proofs.proven, str(proofs)
    assert proofs.sizes == "for all n, m ≥ 1"


# Gaps of sizes: where they are ≥ 0, and where they are 0.
GAPS = ["n - 9", "- n + 4", "n - m", "- n + m + 2", "2*n - 5", "4*m - n", "n*m - 12", "n + m - 4", "3*n - 2*m"]


@pytest.mark.parametrize("gap", GAPS)
def test_regions_cover_the_sizes_exactly(gap):
    """By counting: each size lies in one region, and its gap is as the region says."""
    parts, both = at_least(parsed(gap)), whole(["n", "m"])
    for n in range(1, 14):
        for m in range(1, 14):
            true = eval(gap.replace("^", "**"), {"n": n, "m": m})
            if parts is not None:
                inside = [p for p in parts if both.put(p).own({"n": n, "m": m}) is not None]
                assert len(inside) == (true >= 0)
            split = [r for r in both.split(gap) if r.own({"n": n, "m": m}) is not None]
            assert len(split) == 1 or split == []
            zero = solutions(gap)
            if zero is not None:
                assert any(both.put(p).own({"n": n, "m": m}) is not None for p in zero) == (true == 0)


@pytest.mark.parametrize("gap", ["mod(n, 4)", "mod(n, 4) - 3", "mod(- n, 4) - 1", "mod(n + 1, 3)"])
def test_rests_cover_the_sizes_exactly(gap):
    parts = [whole(["n"]).put(p) for p in solutions(gap) or ()]
    functions = {"mod": lambda a, b: a % b}
    for n in range(1, 30):
        inside = [r for r in parts if r.own({"n": n}) is not None]
        assert len(inside) == (eval(gap, functions, {"n": n}) == 0)


def test_a_region_says_what_it_is():
    region = whole(["n", "m"])
    assert str(Region.split(region, "n - 9")[0]) == "n ≥ 9"
    assert [str(r) for r in region.split("n", 3)] == ["n = 3*k", "n = 1", "n = 3*k + 1", "n = 2", "n = 3*k + 2"]
    assert [str(r) for r in region.equal("n - m - 2")] == ["n = m + 2"]

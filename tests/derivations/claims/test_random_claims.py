"""Random claims at edges: nothing false is proven, nothing true is refuted. `--claims 20000` asks for more than 500."""

from collections import Counter

import pytest

from claims.decide import Truth, confirmed, decide, uncovered
from claims.judging import answer
from claims.random_claims import random_claim
from claims.tables import ALLOWED

PARTS = 10


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_random_claim_is_judged_wrongly(part, claims):
    faults, tally = {}, Counter()
    for seed in range(part, claims, PARTS):
        claim = random_claim(seed)
        if claim is None:
            continue
        said = answer(claim.left, claim.right, claim.given)
        truth = decide(claim, seed, draws=1, enough=60)
        if said.word not in ALLOWED[truth.word]:
            truth = decide(claim, seed + 1, draws=24)
            if (truth.word, said.word) == ("true", "refuted") and confirmed(claim, said.point):
                truth = Truth("false", "at the point that the prover found")
        tally[truth.word] += 1
        if said.word not in ALLOWED[truth.word]:
            faults[f"seed {seed}"] = f"{claim}: it is {truth.word} {truth.at}, {said.word} where {said.conditions}"
        elif (truth.word, said.word) == ("true", "proven") and (gap := uncovered(claim, said, draws=1)):
            faults[f"seed {seed}"] = f"{claim}: proven where {said.conditions}, but {gap}"
    assert faults == {}
    assert tally["false"] > 5
    assert tally["true"] > 5

"""Whatever the library proves is evaluated apart from the engine: at sizes 1 to 4, at both ends of every range."""

import pytest

from claims.decide import decide, glance
from claims.judging import answer
from claims.library_claims import library_claims

CLAIMS = dict(library_claims())


def test_all_are_here():
    names = " ".join(CLAIMS)
    assert all(word in names for word in ("softmax, step 1", "attention.Q", "lecture A1,", "kink of relu"))
    assert len(CLAIMS) > 250


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_what_is_proven_is_true(part, many_claims):
    look = decide if many_claims else glance
    for name in list(CLAIMS)[part::10]:
        claim = CLAIMS[name]
        word = answer(claim.left, claim.right, claim.given).word
        if word in ("proven", "refuted"):
            truth = look(claim)
            assert truth.word == {"proven": "true", "refuted": "false"}[word], f"{name}: {claim} {truth.at}"

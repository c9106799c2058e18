"""Each wrong backward pass is found, its argument named, and its cause among the first two."""

import pytest
from wrong_backwards import FAULTS, is_wrong, mutants

from functional_bp.checking import check_backward

PARTS = 6  # each its own test, so that two workers share them


def test_every_kind_of_fault_has_its_wrong_backwards():
    made = list(mutants())
    assert len({kind for mutant in made for kind in mutant.kinds}) >= 8
    assert {name for name, _, _ in FAULTS} <= {mutant.name.split("] ")[-1] for mutant in made}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_none_passes_and_the_cause_named_is_the_true_one(part):
    """None passes; the argument is right for at least 99 %, the first or second cause for at least 95 %."""
    wrong = [mutant for mutant in list(mutants())[part::PARTS] if is_wrong(mutant)]
    assert len(wrong) >= 300 / PARTS
    passed, wrong_argument, wrong_cause = [], [], []
    for mutant in wrong:
        report = check_backward(mutant.forward, mutant.backward, *mutant.primals)
        if report.ok:
            passed.append(mutant.name)
            continue
        found = {i for i, verdict in enumerate(report.verdicts) if not verdict.ok}
        if found != {mutant.leaf, *mutant.also}:
            wrong_argument.append(mutant.name)
        if not mutant.kinds & {cause.kind for cause in report.verdicts[mutant.leaf].causes[:2]}:
            wrong_cause.append(mutant.name)
    assert not passed
    assert len(wrong_argument) <= 0.01 * len(wrong), wrong_argument
    assert len(wrong_cause) <= 0.05 * len(wrong), wrong_cause

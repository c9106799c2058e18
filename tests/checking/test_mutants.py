"""Each wrong backward pass is found, its argument named, and its cause among the first two."""

import pytest
from wrong_backwards import FAULTS, is_wrong, mutants

from functional_bp.checking import check_backward

MUTANTS = [mutant for mutant in mutants() if is_wrong(mutant)]


def test_there_are_enough_of_them():
    assert len(MUTANTS) >= 300
    assert len({kind for mutant in MUTANTS for kind in mutant.kinds}) >= 8
    assert {name for name, _, _ in FAULTS} <= {mutant.name.split("] ")[-1] for mutant in MUTANTS}


@pytest.mark.slow
def test_none_passes_and_the_cause_named_is_the_true_one():
    """None passes; the argument is right for at least 99 %, the first or second cause for at least 95 %."""
    passed, wrong_argument, wrong_cause = [], [], []
    for mutant in MUTANTS:
        report = check_backward(mutant.forward, mutant.backward, *mutant.primals)
        if report.ok:
            passed.append(mutant.name)
            continue
        if [not verdict.ok for verdict in report.verdicts] != [i == mutant.leaf for i in range(len(report.verdicts))]:
            wrong_argument.append(mutant.name)
        if not mutant.kinds & {cause.kind for cause in report.verdicts[mutant.leaf].causes[:2]}:
            wrong_cause.append(mutant.name)
    assert not passed
    assert len(wrong_argument) <= 0.01 * len(MUTANTS), wrong_argument
    assert len(wrong_cause) <= 0.05 * len(MUTANTS), wrong_cause

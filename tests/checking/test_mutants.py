"""Each wrong backward pass is found, its argument named, and its cause among the first two."""

from itertools import groupby

import pytest
from numbered import check_number, chosen_by_number
from wrong_backwards import FAULTS, MODERN, OF_ANY, is_wrong, mutants, of_entry

from functional_bp.checking import check_backward

PARTS = 6  # each its own test, so that two workers share them


def test_every_kind_of_fault_has_its_wrong_backwards():
    made = list(mutants())
    assert len({kind for mutant in made for kind in mutant.kinds}) >= 8
    assert {name for name, _, _ in FAULTS} <= {mutant.name.split("] ")[-1] for mutant in made}


def reports(mutants):
    """Of the wrong backwards of one forward; together, where their cotangents are alike."""
    forward, backward = chosen_by_number(mutants[0].forward, [mutant.backward for mutant in mutants])
    for number, mutant in enumerate(mutants):
        if mutant.right is None:
            yield mutant, check_backward(mutant.forward, mutant.backward, *mutant.primals)
        else:
            yield mutant, check_number(forward, backward, mutant.primals, number)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_none_passes_and_the_cause_named_is_the_true_one(part, step):
    """None passes; the argument is right for at least 99 %, the first or second cause for at least 95 %."""
    families = [list(family) for _, family in groupby(filter(is_wrong, mutants()), key=lambda mutant: mutant.forward)]
    found = [report for family in families[part::PARTS] for report in reports(family[::step])]
    assert len(found) >= 300 / PARTS / step
    passed, wrong_argument, wrong_cause = [], [], []
    for mutant, report in found:
        if report.ok:
            passed.append(mutant.name)
            continue
        arguments = {i for i, verdict in enumerate(report.verdicts) if not verdict.ok}
        if arguments != {mutant.leaf, *mutant.also}:
            wrong_argument.append(mutant.name)
        if not mutant.kinds & {cause.kind for cause in report.verdicts[mutant.leaf].causes[:2]}:
            wrong_cause.append(mutant.name)
    assert not passed
    assert len(wrong_argument) <= 0.01 * len(found), wrong_argument
    assert len(wrong_cause) <= 0.05 * len(found), wrong_cause


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("entry", MODERN, ids=lambda entry: entry.name)
def test_faults_that_any_rule_can_have_are_found_in_today_s_rules(entry):
    wrong = [mutant for mutant in of_entry(entry, OF_ANY) if is_wrong(mutant)]
    assert wrong
    for mutant, report in reports(wrong):
        assert {i for i, verdict in enumerate(report.verdicts) if not verdict.ok} == {mutant.leaf}, mutant.name
        assert mutant.kinds & {cause.kind for cause in report.verdicts[mutant.leaf].causes[:2]}, mutant.name

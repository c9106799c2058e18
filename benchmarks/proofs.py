"""How long proofs take: every claim of the catalogue and of the derivations; and canonical names against brute force.

    python -m benchmarks.proofs

What is to be shown: each claim under 1 s, all together under 15 s, a product of seven matrices named in under 2 s.
A claim's time covers the proof and the search for a counterexample. The brute force that names are compared with tries
every order of the dummies, with five matrices (with seven there are 42 times as many).
"""

import argparse
from itertools import permutations
from pathlib import Path
from time import process_time
from typing import Any

from sympy import IndexedBase

from benchmarks.timing import compare, write_json
from derivations import dimension, index, total
from derivations.catalogue import catalogue
from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.kernel.naming import _text, canonical_order
from derivations.engine.kernel.normal_form import normal_form
from derivations.registry import derivations

A: Any = IndexedBase("A")


def trace(length: int):
    """The dummies and the factors of Σ A_ab A_bc … A_za."""
    n = dimension("n")
    dummies: list[Any] = [index(f"e{k}", n) for k in range(length)]
    body: Any = 1
    for k in range(length):
        body = body * A[dummies[k], dummies[(k + 1) % length]]
    ((monomial, _),) = normal_form(total(body, *dummies), Hypotheses().reasoning()).terms.items()
    atom = monomial[0][0]
    return list(atom.binders), dict(next(iter(atom.args[0].terms)))


def brute_force(dummies: list, powers: dict) -> str:
    return min(_text(powers, {d: str(k) for k, d in enumerate(order)}) for order in permutations(dummies))


def seconds(run) -> float:
    """Of the processor: other processes on the machine don't count."""
    start = process_time()
    run()
    return process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    path = parser.parse_args().json
    claims = {name: seconds(claim.judge) for name, claim in catalogue().items()}
    claims |= {name: seconds(derivation.check) for name, derivation in derivations().items()}
    for name in sorted(claims, key=claims.__getitem__)[-5:]:
        print(f"{claims[name]:.3f} s  {name}")
    print(f"{sum(claims.values()):.2f} s  all {len(claims)}")
    seven, five = trace(7), trace(5)
    names = compare({"seven matrices": lambda: canonical_order(*seven)}, rounds=5)
    against = compare({"refined": lambda: canonical_order(*five), "brute force": lambda: brute_force(*five)}, rounds=5)
    print(names.table(), against.table(), sep="\n")
    if path:
        write_json(path, {"claims": claims, "names": names.as_json(), "five matrices": against.as_json()}, "sympy")


if __name__ == "__main__":
    main()

"""Random claims, decided and judged: `python -m claims.random_report FIRST LAST` prints every fault."""

import signal
import sys
from collections import Counter
from time import perf_counter

from claims.decide import Truth, confirmed, decide, uncovered
from claims.judging import answer
from claims.random_claims import random_claim
from claims.report import OutOfTime, _stop
from claims.tables import ALLOWED


def main(first: int, last: int) -> None:
    tally, times, begin = Counter(), [], perf_counter()
    signal.signal(signal.SIGALRM, _stop)
    for seed in range(first, last):
        claim = random_claim(seed)
        if claim is None:
            continue
        try:
            signal.alarm(20)
            start = perf_counter()
            said = answer(claim.left, claim.right, claim.given)
            times.append(perf_counter() - start)
            truth = decide(claim, seed, draws=4)
            if said.word not in ALLOWED[truth.word]:
                truth = decide(claim, seed + 1, draws=24)
                if (truth.word, said.word) == ("true", "refuted") and confirmed(claim, said.point):
                    truth = Truth("false", "at the point that the prover found")
        except OutOfTime:
            tally["out of", "time"] += 1
            print(f"- seed {seed} | {claim} | out of time", flush=True)
            continue
        finally:
            signal.alarm(0)
        tally[truth.word, said.word] += 1
        gap = uncovered(claim, said, draws=2) if (truth.word, said.word) == ("true", "proven") else ""
        if said.word not in ALLOWED[truth.word] or gap:
            where = f" where {', '.join(map(str, said.conditions))}" if said.conditions else ""
            more = f" (no condition says: {gap})" if gap else f" ({' '.join(said.text.split())[:150]})"
            print(f"- seed {seed} | {claim} | {said.word}{where}{more} | {truth.word} {truth.at[:150]}", flush=True)
    for (word, said), count in sorted(tally.items()):
        print(f"# {word}: {said} {count}")
    times.sort()
    median, most = times[len(times) // 2], times[-1]
    print(f"# {perf_counter() - begin:.0f} s; judged in the median {median:.3f} s, at most {most:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

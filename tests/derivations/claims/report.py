"""What a prover says of the tables, as a list of what is wrong: `python -m claims.report [FILE …]`.

From any worktree: `PYTHONPATH=<worktree>:<this worktree>/tests/derivations python -m claims.report false_ranges`.
Without a file all are judged; `--truth` asks the evaluator alone, `--open`
names what is true and not proven, too; `--fast` leaves out whether each proof prints the conditions that it needs.
"""

import signal
import sys
from collections import Counter
from time import perf_counter

import derivations
from claims.decide import decide, uncovered
from claims.judging import Answer, answer
from claims.tables import ALLOWED, rows

LIMIT = 30


class OutOfTime(Exception):
    pass


def _stop(*_):
    raise OutOfTime


def limited(claim) -> Answer:
    """The answer, or "no end" after half a minute."""
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(LIMIT)
    try:
        return answer(claim.left, claim.right, claim.given)
    except OutOfTime:
        return Answer("no end")
    finally:
        signal.alarm(0)


def main(arguments: list[str]) -> None:
    files = [a for a in arguments if not a.startswith("-")]
    chosen = {name: row for name, row in rows().items() if not files or name.split(":")[0] in files}
    print(f"# {len(chosen)} claims; derivations from {derivations.__file__}")
    tally, cause_before, begin = Counter(), "", perf_counter()
    for name, (word, cause, claim) in chosen.items():
        start = perf_counter()
        said = Answer(decide(claim).word) if "--truth" in arguments else limited(claim)
        seconds = perf_counter() - start
        tally[word, said.word] += 1
        wrong = said.word != word if "--truth" in arguments else said.word not in ALLOWED[word]
        wrong |= "--open" in arguments and (word, said.word) in (("true", "undecided"), ("true", "ill-typed"))
        gap = uncovered(claim, said) if (word, said.word) == ("true", "proven") and "--fast" not in arguments else ""
        tally["a proof lacks", "a condition"] += bool(gap)
        if wrong or gap or seconds > 5:
            if cause != cause_before:
                print(f"\n## {cause}")
                cause_before = cause
            where = f" where {', '.join(map(str, said.conditions))}" if said.conditions else ""
            more = f" but no condition says: {gap}" if gap else ""
            more += (
                f" ({' '.join(said.text.split())[:120]})" if said.word in ("raised", "undecided", "ill-typed") else ""
            )
            print(f"- {name} | {claim} | {said.word}{where}{more} | {word} | {seconds:.1f} s", flush=True)
    print()
    for (word, said), count in sorted(tally.items()):
        print(f"# {word}: {said} {count}")
    print(f"# {perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])

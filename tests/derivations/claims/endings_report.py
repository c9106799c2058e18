"""What does not end within a limit, raises, or is refused in more than a line: `python -m claims.endings_report`."""

import multiprocessing as mp
import sys
from time import process_time

from claims.judging import answer


def _ask(name: str, seconds, queue) -> None:
    from claims.banks.endings import ENDINGS

    start = process_time()
    c = ENDINGS[name]()
    built = process_time()
    said = answer(c.left, c.right, c.given, seconds=seconds)
    queue.put((said.word, said.text, built - start, process_time() - built))


def ask(name: str, seconds: float | None, limit: float) -> tuple[str, str, float, float]:
    """word, text, processor seconds to build and to judge; "no end" beyond the limit, "died" without an answer."""
    context = mp.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_ask, args=(name, seconds, queue))
    process.start()
    try:
        return queue.get(timeout=limit)
    except Exception:
        return ("no end" if process.is_alive() else "died"), "", 0.0, limit
    finally:
        process.kill()
        process.join()


def main(arguments: list[str]) -> None:
    from claims.banks.endings import ENDINGS

    seconds = float(arguments[0]) if arguments and arguments[0] != "--all" else None
    for name in ENDINGS:
        word, text, built, took = ask(name, seconds, 10 * (seconds or 9) + 30)
        lines = [line for line in text.splitlines() if line]
        bad = (
            word in ("no end", "died", "raised")
            or (word == "ill-typed" and len(lines) > 2)
            or took > (seconds or 10) + 1
        )
        if bad:
            print(f"- {name} | {word} | built in {built:.1f} s, {took:.1f} s | {text[:120]!r}", flush=True)
        elif "--all" in arguments:
            print(f"  {name} | {word} | {took:.1f} s | {' '.join(lines)[:150]}", flush=True)
    print(f"# {len(ENDINGS)} claims were asked")


if __name__ == "__main__":
    main(sys.argv[1:])

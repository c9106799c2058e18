"""`functional-bp` and `python -m functional_bp`: the command line. Ctrl-C ends it at once while it is imported."""

import os
import signal
import sys


def at_once(number: int, frame: object) -> None:
    os._exit(128 + number)


def main() -> int:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, at_once)
    from functional_bp import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())

"""What does not fit into memory is refused before it is tried: a C++ library that gets none ends the process."""

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

from functional_bp.errors import InputError

try:
    import resource
except ImportError:  # not on Windows
    resource = None

COPIES = 4  # of the parameters: themselves, their gradient and two moments
LEAST = 1_900_000_000  # bytes of addresses that JAX and its threads take


def limit() -> int | None:
    """The bytes of addresses that this process may have (`ulimit -v`)."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def memory() -> int:
    """The bytes of this machine, or of what it lets this process have."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return sys.maxsize
    return min(there, limit() or there)


def check_addresses() -> None:
    """Raises InputError where JAX could not even start."""
    most = limit()
    if most is not None and most < LEAST:
        least = f"JAX needs {LEAST >> 20} MiB of addresses, ulimit -v gives {most >> 20}"
        raise InputError(f"there is not enough memory: {least}")


def check_network(sizes: Sequence[int]) -> None:
    """Raises InputError for a perceptron that cannot be in this machine's memory, with gradient and moments."""
    check_parameters(sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes)))


def check_parameters(parameters: int) -> None:
    """Raises InputError for so many that they cannot be in this machine's memory, with gradient and moments."""
    needed, there = COPIES * 4 * parameters, memory()
    if needed > there:
        raise InputError(
            f"the network has {parameters} parameters: to train them takes {needed >> 30} GiB, "
            f"this machine has {there >> 30} GiB"
        )

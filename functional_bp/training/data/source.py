"""Where the rows come from: all of them on the device, or read from files as the run needs them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
from jaxtyping import PRNGKeyArray

from functional_bp.training.data.stream import chunks, reader, steps_within

if TYPE_CHECKING:
    from functional_bp.training.data.files import Part
    from functional_bp.training.devices.sharding import Layout

MOST_ROWS = 1 << 18
Pair = tuple[Any, Any]
Place = Callable[[Any], Any]


class Piece(NamedTuple):
    """Arrays that serve the steps from `first` to before `last`."""

    arrays: Pair
    first: int
    last: int


class Resident(NamedTuple):
    """All rows of (x, d) on the device at once; the program picks a batch by its row numbers."""

    x: Any
    d: Any
    in_order = False

    @property
    def n(self) -> int:
        return len(self.x)

    def steps(self, batch: int, wanted: int) -> int:
        """How many steps one call of the program may make: it first finds all their rows."""
        return min(wanted, max(1, MOST_ROWS // batch))

    def pieces(
        self, key: PRNGKeyArray, first: int, last: int, steps: int, batch: int, layout: "Layout | None"
    ) -> Iterator[Piece]:
        place = layout.place if layout else jax.device_put
        yield Piece(place((self.x, self.d)), first, last)


class Streamed(NamedTuple):
    """Rows that need not fit in memory: batches are read in the run's order, a chunk ahead of the device."""

    part: "Part"
    chunk_bytes: int = 8 << 20
    in_order = True

    @property
    def n(self) -> int:
        return len(self.part.x)

    def steps(self, batch: int, wanted: int) -> int:
        return min(wanted, steps_within(self.part, batch, self.chunk_bytes))

    def pieces(
        self, key: PRNGKeyArray, first: int, last: int, steps: int, batch: int, layout: "Layout | None"
    ) -> Iterator[Piece]:
        read = layout.reader(self.part) if layout else reader(self.part)
        for begin, arrays in enumerate(chunks(read, key, first, last, steps, self.n, batch)):
            yield Piece(arrays, first + begin * steps, min(first + (begin + 1) * steps, last))


Source = Resident | Streamed

"""Every budget. Up to `SMALL` numbers all is looked at; `thorough` lifts that limit."""

# points and shapes
SMALL = 20_000  # numbers in the primals: up to so many, many points share one program, and kinks and shapes are sought
MOST_NUMBERS = 50_000_000  # in the primals: more are refused
MOST_POINTS = 96
FEW = 2  # points, where the primals are large
FEW_POINTS = 12  # where each costs as many runs of the forward as there are coordinates
NUMBERS_OVER_POINTS = 20_000_000  # where a large problem is looked at thoroughly
MOST_FAMILIES = 6  # of axes that are varied
MOST_PROBES = 60  # shapes at which the forward is traced to tell which axes are one
NUMBERS_AT_A_SHAPE = 200_000  # in the primals
HUNT_EQUATIONS = 12_000  # of all programs traced at other shapes: tracing takes some 0.1 ms for each
MOST_EQUATIONS = 24_000  # with those that shrink what was found
FOREIGN = 60  # equations that an operation costs which NumPy has no word for: JAX compiles it at each shape
MOST_TRIALS = 32  # shapes at which values are compared
MOST_TRIGGERS = 2  # told

AUDIT_ROWS = 16_384  # of a sum in half precision
CALLS, SECONDS_OF_CALLS = 300, 1.0  # of a backward that keeps something between them, or that JAX can't trace

# differences
MOST_COORDINATES = 512  # up to this many, each is visited
VISITED = 64  # of more, those where random directions raise the most doubt
BLOCKS = 256  # directions tried at a time to find these
DIRECTIONS_AT_ONCE = 32  # whose values are held at a time
NUMBERS_AT_ONCE = 2e7  # in them, about
RUN_NUMBERS = 4e9  # through the forward, in all
TRIALS = 4  # points at which a rule must give the forward's values, beside the given one
DIRECTIONS_OF_DOUBT = 8  # along which the neighbours of a doubtful gradient of JAX's are looked at

# kinks
HULL_ROWS = 24  # of the Jacobian, at one point
HULL_NUMBERS = 500_000  # of all primals together, in the gradients of as many rows
HULL_COORDINATES = 2_000  # of a claimed row, those furthest from JAX's own, are looked for in the hull

# causes
CAUSES_NAMED = 2
WORST_SHOWN = 5  # elements
MOST_STEPS = 400  # of a forward that is taken apart
MOST_AT_HAND = 48  # values tried in the place of one
SEARCH_WORK = 4e9  # numbers computed for all mistakes that are screened, about
VECTOR_NUMBERS = 4e6  # of all that is at hand for one cotangent
MOST_CONFIRMED = 32  # run in full, of those that seem to explain the same
MOST_SEEMING = 2000  # that seem to explain: where so many do, the screen tells nothing apart
MOST_TOGETHER = 600  # of one sort at several places
MOST_TRIED = 6  # mistakes with each of which another is looked for

# what is kept between checks
PROGRAMS_KEPT = 64
FORWARDS_KEPT = 16

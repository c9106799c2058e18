"""What can be wrong with a backward pass: the kinds of causes, with what each means and what to do."""

from enum import StrEnum


class Kind(StrEnum):
    """One word or two, as it stands in reports and JSON; `meaning` and `advice` make the table in the docs."""

    meaning: str
    advice: str

    def __new__(cls, word: str, meaning: str, advice: str) -> "Kind":
        kind = str.__new__(cls, word)
        kind._value_ = word
        kind.meaning, kind.advice = meaning, advice
        kind.__doc__ = f"{meaning}. {advice}."
        return kind

    SIGN = (
        "sign",
        "flipped, of all or on one path through the forward",
        "look at each minus, and at the order of differences",
    )
    FACTOR = (
        "factor",
        "wrong by a constant: 2, ½, √d, 1/N where N is the size of an axis, n for n − 1; of all or on one path",
        "a mean where a sum is due, a square's 2, a scale that was forgotten",
    )
    TRANSPOSED = "transposed", "Wᵀ for W, ȳ Jᵀ for ȳ J, a result transposed", "write the shapes beside each product"
    WRONG_AXIS = "wrong axis", "a sum, a mean or a spread along another axis", "name the axis in each reduction"
    PERMUTED = (
        "permuted",
        "the right numbers at wrong places: shifted, reversed, a kernel not flipped, an index off by one",
        "follow one element from the input to the output and back",
    )
    SWAPPED = (
        "swapped",
        "the cotangent of another argument, or two factors exchanged",
        "return them in the primals' order",
    )
    MISSING_SUM = (
        "missing sum",
        "no sum over a broadcast axis or the batch: one row alone, or an axis too many",
        "sum over every axis along which the forward repeats",
    )
    EXTRA_SUM = "extra sum", "a sum or a mean where none is due", "leave that axis as it is"
    MISSING_TERM = (
        "missing term",
        "a path of the forward is dropped",
        "add up all paths: each use of a value gives one term",
    )
    EXTRA_TERM = (
        "extra term",
        "a path counted twice, the chain applied twice, a term that is not there",
        "one term for each use of a value",
    )
    MISSING_FACTOR = (
        "missing factor",
        "a derivative, or the other factor of a product, is left out",
        "each operation between input and output gives one factor",
    )
    EXTRA_FACTOR = "extra factor", "a derivative twice, a power too many", "count the factors along the path"
    WRONG_RESIDUAL = (
        "wrong residual",
        "the derivative at another value: the output for the input, logits for probabilities, another primal",
        "look at what fwd saves and under which name bwd takes it",
    )
    RECOMPUTATION = (
        "recomputation",
        "the backward computes a value of the forward again, and otherwise",
        "save the value, or compute it by the same function",
    )
    MASK = (
        "mask",
        "a mask, a comparison or a maximum ignored, inverted, moved: evenly or everywhere instead of at the maximum",
        "use the same mask as the forward",
    )
    THRESHOLD = "threshold", "the right comparison with another number", "use the forward's own constant"
    PART = "part", "only a part is written: a slice, a triangle, the diagonal", "write every element"
    SYMMETRISED = (
        "symmetrised",
        "X + Xᵀ or its half for X, or the other way round",
        "a derivative by a matrix is symmetric only if its entries are tied",
    )
    OVERWRITTEN = (
        "overwritten",
        "set instead of add where an index occurs more than once, or divided by how often; an argument written into",
        "use `.at[i].add`; copy before you write in place",
    )
    FEW_ELEMENTS = (
        "few elements",
        "wrong at some elements only, and which: negative inputs, the last row, a special point",
        "look at the branch that these elements take",
    )
    SUBGRADIENT = "subgradient", "at a kink, outside the Clarke interval", "take a slope between the two sides"
    NOT_FINITE = (
        "not finite",
        "NaN or infinity where the truth is finite",
        "guard the argument with `where`, shift before `exp`",
    )
    DTYPE = "dtype", "rounded to a narrower dtype on the way", "accumulate in float32"
    TWO_MISTAKES = "two mistakes", "two or three at different places, all named", "mend them one by one"
    CONJUGATE = "conjugate", "a conjugate too many, as where gradients are 2 ∂/∂z̄", "JAX's ȳ J takes J itself"
    ONE_COTANGENT = (
        "one cotangent",
        "ȳ[0], the mean, the sum or the largest of ȳ for all of it",
        "use ȳ element by element",
    )
    COTANGENT_IGNORED = "cotangent ignored", "ȳ does not enter", "multiply by ȳ, also where it is one in your own use"
    NOT_LINEAR = "not linear", "ȳ enters as |ȳ|, ȳ², a clipped one", "a backward is linear in ȳ"
    NOT_DETERMINISTIC = (
        "not deterministic",
        "two calls with equal arguments differ",
        "look for a race, a counter, a random number",
    )
    NOT_CONTIGUOUS = (
        "not contiguous",
        "other values where an array lies in memory in another order",
        "index by the array's strides, or copy it to C order",
    )
    INCONSISTENT = "inconsistent", "other values under jit or vmap", "look for Python branches on values"
    JAX = "jax", "`jax.vjp` of the forward is itself wrong there", "trust the report's true column"
    STRAIGHT_THROUGH = (
        "straight-through",
        "ȳ itself, or a surrogate's slope, through a piecewise constant forward",
        "if meant, say `intended=` or `surrogate=`",
    )
    REVERSAL = "reversal", "the forward is the identity and −c ȳ came", "if meant, say `intended=`"
    CLIPPED = "clipped", "the forward is the identity and ȳ came clipped", "if meant, say `intended=`"
    MISSING = "missing", "`None` came where zero is not due", "return an array"
    NUMBER = "number", "more or fewer cotangents than primals", "one for each primal"
    TREE = "tree", "a cotangent of another tree than its primal", "return the primal's own structure"
    SHAPE = "shape", "a cotangent of another shape than its primal", "sum over what was broadcast"
    TYPE = "type", "what came is no array of numbers", "return an array"
    RAISED = "raised", "the backward raised", "see the line in the message"
    JVP = "jvp", "the given jvp is another Jacobian's", "compare it with the backward by ⟨ȳ, J ẋ⟩ = ⟨ȳ J, ẋ⟩"
    SECOND_ORDER = (
        "second order",
        "the derivative of the backward itself is wrong",
        "differentiate what the backward computes, not what it saves",
    )
    FWD = "fwd", "fwd returns something else than the primal", "return the primal's output first"


def table() -> str:
    """The kinds as a Markdown table."""
    rows = [f"| `{kind}` | {kind.meaning} | {kind.advice} |" for kind in Kind]
    return "\n".join(["| kind | what it means | what to do |", "|---|---|---|", *rows])

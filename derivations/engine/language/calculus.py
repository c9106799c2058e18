"""The derivative of an indexed formula: free of capture, with its deltas contracted."""

from typing import Any

from sympy import (
    Abs,
    Add,
    Derivative,
    Expr,
    Heaviside,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    Sum,
    Symbol,
    Tuple,
    log,
    sign,
    sympify,
)
from sympy.core.function import AppliedUndef
from sympy.core.symbol import Str

from derivations.engine.language.fold import Algebra, At, NoFormula
from derivations.engine.language.indices import never_negative
from derivations.engine.language.nodes import atoms, has
from derivations.engine.language.renaming import free_indices, indices_of, renamed, replace_index, unused
from derivations.engine.language.vocabulary import FieldValue, Inverse, prime, step
from derivations.engine.language.words import WORDS


class UnknownFunction(TypeError):
    """A function whose derivative is not known here."""


def derivative(expression: Expr, with_respect_to: Indexed | Symbol) -> Expr:
    """∂expression/∂x for x an array's element or a symbol; deltas are contracted where an index runs its full range.

    A dummy of the expression that is also an index of x is renamed first: the derivative of Σ_k z_k² by z_k is 2 z_k,
    not Σ_k 2 z_k. At a kink of |·|, max or step the formula is the one that holds beside it.
    """
    x = with_respect_to
    if not isinstance(x, (Indexed, Symbol)):
        raise NoFormula(f"the derivative by {x}: only entries of arrays and symbols are differentiated by")
    if isinstance(x, Symbol) and x.is_integer:
        raise NoFormula(f"the derivative by {x}, a whole number: sizes and indices are not differentiated by")
    return _Slope(x)(sympify(expression), {})


class _Slope(Algebra[Any]):
    """∂/∂x, part by part: each part's own value is where it stands."""

    def __init__(self, x: Any):
        self.x = x

    def index(self, e, env):
        return e

    def number(self, at, value):
        return Integer(0)

    def constant(self, at):
        return Integer(0)

    def symbol(self, at):
        return Integer(int(at.node == self.x))

    def position(self, at, index):
        return Integer(0)

    def element(self, at, indices):
        if not isinstance(self.x, Indexed) or at.node.base != self.x.base:
            return Integer(0)
        return Mul(*(KroneckerDelta(a, b) for a, b in zip(indices, self.x.indices, strict=True)))

    def delta(self, at, a, b):
        return Integer(0)

    def add(self, at, terms):
        return Add(*terms)

    def mul(self, at, deltas, factors):
        parts = at.node.args
        return Add(*(Mul(*parts[:p], self(a, at.env), *parts[p + 1 :]) for p, a in enumerate(parts)))

    def pow(self, at):
        base, exponent = at.node.args
        inner, outer = self(base, at.env), self(exponent, at.env)
        return Add(Mul(exponent, Pow(base, exponent - 1), inner), Mul(at.node, log(base), outer))

    def chain(self, at: At) -> Expr:
        """Σ_p ∂f/∂(argument p) · ∂(argument p)/∂x."""
        slopes = enumerate(self(a, at.env) for a in at.node.args)
        return Add(*(Mul(partial(at.node, p), inner) for p, inner in slopes if inner != 0))

    def word(self, at, word, x):
        inner = x()
        return Integer(0) if inner == 0 else Mul(word.slope_of(at.node), inner)

    def step(self, at, x):
        return self.chain(at)

    sign = absolute = heaviside = step

    def extreme(self, at, parts):
        return self.chain(at)

    def opaque(self, at, arguments):
        return self.chain(at)

    def apart(self, at: At) -> Any:
        """What binds indices, its dummies renamed where they are indices of x."""
        return renamed(at.node, indices_of(self.x), indices_of(at.node) | indices_of(self.x))

    def sum(self, at, limits, body):
        e = self.apart(at)
        return summed(self(e.function, at.env), e.limits)

    def product(self, at, limits, body):
        """∂ Π_k f_k = Π_k f_k · Σ_k f_k′ / f_k, for f_k ≠ 0."""
        e = self.apart(at)
        return Mul(e, summed(self(e.function, at.env) / e.function, e.limits))

    def maximum(self, at, limits, body, where):
        e = self.apart(at)
        return summed(Mul(e.where, step(e.body - e), self(e.body, at.env)), e.limits)

    def field(self, at, indices, limits, body):
        """∂F_j(z) = Σ_m (∂F_j/∂z_m) ∂z_m; the indices m are new ones, none for a function of a number."""
        if not limits:
            e = at.node
            return Mul(FieldValue(Str(f"{e.name}'"), e.indices, e.body, e.limits), self(e.body, at.env))
        e = self.apart(at)
        new, inner = self.fresh(e)
        outer = FieldValue(Str(f"{e.name}'"), Tuple(*e.indices, *(m for m, _, _ in new)), e.body, e.limits)
        return summed(Mul(outer, inner), new)

    def determinant(self, at, limits, body):
        """∂det A = det A Σ_kl (A⁻¹)_lk ∂A_kl, where det A ≠ 0."""
        e = self.apart(at)
        new, inner = self.fresh(e)
        k, l = (m for m, _, _ in new)
        return Mul(e, summed(Mul(Inverse(Tuple(l, k), e.body, e.limits), inner), new))

    def inverse(self, at, indices, limits, body):
        """∂(A⁻¹)_ij = −Σ_kl (A⁻¹)_ik ∂A_kl (A⁻¹)_lj."""
        e = self.apart(at)
        (i, j), (new, inner) = e.indices, self.fresh(e)
        k, l = (m for m, _, _ in new)
        before, after = (Inverse(Tuple(*pair), e.body, e.limits) for pair in ((i, k), (l, j)))
        return -summed(Mul(before, inner, after), new)

    def fresh(self, e: Any) -> tuple[list[Tuple], Expr]:
        """New indices for those that e binds, and ∂body with them."""
        taken, slope, limits = indices_of(e) | indices_of(self.x), self(e.body, {}), []
        for k, lower, upper in e.limits:
            m = unused(k, taken)
            taken, slope = taken | {m}, replace_index(slope, k, m)
            limits.append(Tuple(m, lower, upper))
        return limits, slope

    def derivative(self, at):
        return self(evaluate_derivatives(at.node), at.env)

    def piecewise(self, at, branches):
        return Piecewise(*((self(value, at.env), condition) for value, condition in at.node.args))

    def outside(self, at):
        raise UnknownFunction(f"the derivative of {at.node} is not known")


def evaluate_derivatives(e: Any) -> Any:
    """Every unevaluated `Derivative` carried out."""
    if not has(e, Derivative):
        return e
    if isinstance(e, Derivative):
        result = evaluate_derivatives(e.expr)
        for variable in e.variables:
            result = derivative(result, variable)
        return result
    return e.func(*(evaluate_derivatives(a) for a in e.args))


def partial(e: Expr, position: int) -> Expr:
    """∂f/∂(argument) of a function at its arguments."""
    if isinstance(e, AppliedUndef):
        return prime(e.func, position + 1 if len(e.args) > 1 else None)(*e.args)
    if isinstance(e, Abs):
        return sign(e.args[0])
    if isinstance(e, (sign, step, Heaviside)):
        return Integer(0)
    if isinstance(e, (Max, Min)):
        others = e.args[:position] + e.args[position + 1 :]
        flip = 1 if isinstance(e, Max) else -1
        return Mul(*(step(flip * (e.args[position] - o)) for o in others))
    if type(e) not in WORDS:
        raise UnknownFunction(f"the derivative of {e} is not known")
    return WORDS[type(e)].slope(e.args[0])


def summed(body: Expr, limits) -> Expr:
    """Σ body over the limits, with every delta contracted whose other index runs inside the dummy's range."""
    for limit in limits:
        body = Add(*(_contracted(term, limit) for term in Add.make_args(_distributed(body, limit[0]))))
    return body


def _distributed(body: Expr, k: Idx) -> Expr:
    """A product with a sum of terms in it that hold a delta of k, multiplied out."""
    if not isinstance(body, Mul):
        return Add(*(_distributed(a, k) for a in body.args)) if isinstance(body, Add) else body
    for factor in body.args:
        if isinstance(factor, Add) and any(k in free_indices(d) for d in atoms(factor, KroneckerDelta)):
            rest = Mul(*(a for a in body.args if a is not factor))
            return Add(*(_distributed(Mul(rest, a), k) for a in factor.args))
    return body


def _contracted(term: Expr, limit: Tuple) -> Expr:
    k, lower, upper = limit
    if term == 0:
        return term
    for factor in Mul.make_args(term):
        if isinstance(factor, KroneckerDelta) and k in factor.args:
            other = factor.args[1] if factor.args[0] == k else factor.args[0]
            if isinstance(other, Idx) and (other.lower, other.upper) == (lower, upper):
                return replace_index(Mul(*(f for f in Mul.make_args(term) if f is not factor)), k, other)
    free = [f for f in Mul.make_args(term) if k not in free_indices(f)]
    bound = [f for f in Mul.make_args(term) if k in free_indices(f)]
    if not bound and never_negative(upper - lower + 1):
        return Mul(upper - lower + 1, *free)
    return Mul(*free, Sum(Mul(*bound), limit))

"""From SymPy to the normal form: a formula becomes a Laurent polynomial over atoms (see `terms`, `atoms`, `sums`)."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from sympy import Eq, Expr, Integer, Max, Mul, Ne, Pow
from sympy.core.relational import Ge, Gt, Le
from sympy.logic.boolalg import And

from derivations.engine.kernel import atoms, matrices, signs
from derivations.engine.kernel.assumptions import Reasoning, Undefined
from derivations.engine.kernel.powers import needs, power, substitute
from derivations.engine.kernel.size import never_empty, polynomial
from derivations.engine.kernel.sums import bound, sum_over
from derivations.engine.kernel.terms import ONE, ZERO, Poly, number, product, total
from derivations.engine.kernel.whole import delta, index_value
from derivations.engine.language.calculus import evaluate_derivatives
from derivations.engine.language.domains import known_sign
from derivations.engine.language.fold import Algebra, Env
from derivations.engine.language.indexing import index_expression, leaf_of
from derivations.engine.language.indices import Affine, Leaf, fresh, plain
from derivations.engine.language.vocabulary import step
from derivations.engine.language.words import Word

MINUS = Fraction(-1)


def normal_form(expression: Expr, under: Reasoning) -> Poly:
    """The normal form of a well-formed formula."""
    return convert(evaluate_derivatives(expression), {}, under)


def convert(e: Expr, env: Env, under: Reasoning) -> Poly:
    """The normal form of `e`, the dummies around it being those in `env`."""
    return NormalForm(under)(e, env)


class NormalForm(Algebra[Poly]):
    """Each part by the constructor of its atoms, under one reasoning."""

    def __init__(self, under: Reasoning):
        self.under = under

    def index(self, e, env) -> Affine:
        return index_expression(e, env)

    def number(self, at, value):
        return number(value)

    def constant(self, at):
        return atoms.exp(self.under, ONE) if str(at.node) == "E" else atoms.constant(self.under, str(at.node))

    def symbol(self, at):
        self.under.symbols[at.node.name, 0] = at.node
        return self.entry(at.node, at.node.name, ())

    def element(self, at, indices):
        name = str(at.node.base.label)
        self.under.symbols[name, 1] = at.node.base
        return self.entry(at.node, name, indices)

    def entry(self, e: Any, name: str, indices: tuple[Affine, ...]) -> Poly:
        """A symbol or an array's entry, and what SymPy was told of all of them."""
        if e.is_positive or e.is_nonnegative:
            told = ("positive", Gt) if e.is_positive else ("nonnegative", Ge)
            said = None if e.is_integer else told[1](e, 0, evaluate=False)
            self.under.declared.setdefault((name, len(indices)), (told[0], said))
        return atoms.variable(self.under, name, indices)

    def position(self, at, index):
        return index_value(self.under, index)

    def delta(self, at, a, b):
        return delta(self.under, a, b)

    def add(self, at, terms):
        return total(terms)

    def mul(self, at, deltas, factors):
        return product(self(a, at.env) for a in at.node.args)

    def pow(self, at):
        base, exponent = at.node.args
        value, c = self(base, at.env), self(exponent, at.env)
        whole, known = c.constant, known_sign(base)
        positive = known == 2
        even = isinstance(base, Pow) and isinstance(base.exp, Integer) and int(base.exp) % 2 == 0
        if whole is not None and even and (int(base.exp) * whole).denominator == 1:
            return self.root_of_even_power(self(base.base, at.env), int(int(base.exp) * whole))
        if whole is not None:
            return power(value, int(whole) if whole.denominator == 1 else whole, self.under, positive)
        if exponent.is_integer and not positive and value:
            return self.symbolic_power(value, c, exponent, known)
        if exponent.is_positive and value:  # 0 to it is 0
            for condition in needs("nonnegative", value):
                self.under.require(*condition)
            return atoms.exp(self.under, c * atoms.log_size(self.under, value))
        return atoms.exp(self.under, c * atoms.log(self.under, value, positive))

    def root_of_even_power(self, base: Poly, exponent: int) -> Poly:
        """(x^2k)^(e/2k) = |x|^e, for every x ≠ 0, and for 0 where e > 0."""
        whole_power = power(base, exponent, self.under)
        return whole_power if exponent % 2 == 0 else whole_power * self.sign_off_zero(base)

    def sign_off_zero(self, x: Poly) -> Poly:
        """sign x for x ≠ 0."""
        return ONE - signs.negative(self.under, x).scale(Fraction(2))

    def symbolic_power(self, base: Poly, c: Poly, exponent: Expr, known: int) -> Poly:
        """x^n = |x|^n for x > 0 and (−1)^n |x|^n for x < 0; 0 at 0 where n ≥ 1, else it needs x ≠ 0."""
        if not exponent.is_positive:
            for condition in needs("nonzero", base):
                self.under.require(*condition)
        below = ZERO if known else signs.negative(self.under, base)
        size = atoms.exp(self.under, c * atoms.log_size(self.under, base))
        return size * (ONE - below + below * signs.parity(self.under, c))

    def word(self, at, word: Word, x):
        argument = at.node.args[0]
        if word.definition is not None:
            return self(word.definition(argument), at.env)
        if self.under.expand and word.by_exp is not None:
            self.under.used.add("expansion")
            return self(word.by_exp(argument), at.env)
        if word.name == "log":
            return atoms.log(self.under, x(), known_sign(argument) == 2)
        return atoms.exp(self.under, x()) if word.name == "exp" else atoms.function(self.under, word.name, (x(),))

    def step(self, at, x):
        return ONE if known_sign(at.node.args[0]) else signs.step(self.under, x)

    def heaviside(self, at, x):
        return signs.heaviside(self.under, x, self(at.node.args[1], at.env))

    def sign(self, at, x):
        return signs.sign(self.under, x)

    def absolute(self, at, x):
        return signs.absolute(self.under, x)

    def extreme(self, at, parts):
        if isinstance(at.node, Max):
            return signs.maximum(self.under, tuple(parts))
        return signs.maximum(self.under, tuple(part.scale(MINUS) for part in parts)).scale(MINUS)

    def opened(self, limits: Iterable, env: Env) -> tuple[Env, tuple[Leaf, ...]]:
        """The dummies under new names, and what they are called there; the last limit is the outermost."""
        env, dummies = dict(env), []
        for k, lower, upper in limits:
            env[k] = fresh(leaf_of(k, (lower, upper)))
            dummies.append(env[k])
        return env, tuple(dummies)

    def sum(self, at, limits, body):
        env, dummies = self.opened(reversed(limits), at.env)
        return sum_over(self.under, body(env), dummies)

    def product(self, at, limits, body):
        """Π_k f_k, factor by factor: exp Σ_k log |f_k| with its sign; Π_k step(f_k) = step(min_k f_k); else an atom."""
        env, dummies = self.opened(reversed(limits), at.env)
        return product(self.product_of(f, env, dummies) for f in Mul.make_args(at.node.function))

    def product_of(self, factor: Expr, env: Env, dummies: tuple[Leaf, ...]) -> Poly:
        if isinstance(factor, step) and all(map(never_empty, dummies)):
            greatest = self(-factor.args[0], env)
            for dummy in dummies:
                greatest = maximum_over(self.under, greatest, ONE, dummy)
            return signs.step(self.under, greatest.scale(MINUS))
        body = self(factor, env)
        try:
            size = atoms.exp(self.under, sum_over(self.under, atoms.log_size(self.under, body), dummies))
        except Undefined:
            for dummy in dummies:
                body = bound(self.under, "product", "", (), (body,), (dummy,))
            return body
        below = ZERO if known_sign(factor) else signs.negative(self.under, body)
        return size * signs.parity(self.under, sum_over(self.under, below, dummies)) if below else size

    def maximum(self, at, limits, body, where):
        env, (dummy,) = self.opened(limits, at.env)
        return maximum_over(self.under, body(env), where(env), dummy)

    def field(self, at, indices, limits, body):
        env, dummies = self.opened(limits, at.env)
        if not limits:
            return atoms.unknown(self.under, at.node.name, (body(env),), indices)
        return bound(self.under, "field", at.node.name, indices, (body(env),), dummies)

    def determinant(self, at, limits, body):
        env, dummies = self.opened(limits, at.env)
        return matrices.determinant(self.under, body(env), dummies)

    def inverse(self, at, indices, limits, body):
        env, dummies = self.opened(limits, at.env)
        return matrices.inverse(self.under, indices, body(env), dummies)

    def opaque(self, at, arguments):
        return atoms.unknown(self.under, at.node.func.__name__, tuple(arguments))

    def piecewise(self, at, branches):
        """Branch after branch, each where its condition holds and none before it did; else there is no value."""
        result, left = number(0), ONE
        for value, condition in branches:
            holds = condition()
            result = result + left * holds * value()
            left = left * (ONE - holds)
        if left:
            self.under.require("nonzero", ONE - left)
        return result

    # a condition is 1 where it holds and 0 where it doesn't

    def truth(self, value):
        return number(int(value))

    def connective(self, at, conditions: Sequence[Poly]):
        if isinstance(at.node, And):
            return product(conditions)
        return ONE - product(ONE - c for c in conditions)

    def same(self, at, a, b):
        equal = delta(self.under, a, b)
        return equal if isinstance(at.node, Eq) else ONE - equal

    def comparison(self, at, a, b):
        gap = a - b
        if isinstance(at.node, (Eq, Ne)):
            equal = signs.zero(self.under, gap)
            return equal if isinstance(at.node, Eq) else ONE - equal
        if isinstance(at.node, (Ge, Le)) and known_sign(at.node.gts - at.node.lts):
            return ONE
        holds = signs.step(self.under, gap.scale(MINUS) if isinstance(at.node, (Gt, Le)) else gap)
        return holds if isinstance(at.node, (Ge, Le)) else ONE - holds


def maximum_over(under: Reasoning, body: Poly, where: Poly, dummy: Leaf) -> Poly:
    """max_k (a + b_k) = a + max_k b_k, where there is a k."""
    if where != ONE:
        under.require("positive", sum_over(under, substitute(where, {dummy: plain(new := fresh(dummy))}), (new,)))
    elif not never_empty(dummy):
        free = sorted(dummy.upper.free_symbols, key=str)
        under.require("nonnegative", polynomial(dummy.upper, free, under) - number(dummy.lower))
    fixed = Poly({m: c for m, c in body.terms.items() if not any(dummy in a.leaves for a, _ in m)})
    if fixed == body:
        return fixed
    return fixed + bound(under, "maximum", "", (), (body - fixed, where), (dummy,))

"""Formulas as JAX source: one line an array, as a person would write it. Sums of products become @ or einsum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import (
    Abs,
    Add,
    Expr,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Sum,
    Symbol,
    cos,
    cosh,
    erf,
    exp,
    log,
    sign,
    sin,
    sinh,
    tanh,
)

from derivations import Maximum, sigmoid, softplus, step
from derivations.reading.arrays import Outside

WORDS = {
    exp: "jnp.exp",
    log: "jnp.log",
    tanh: "jnp.tanh",
    sin: "jnp.sin",
    cos: "jnp.cos",
    sinh: "jnp.sinh",
    cosh: "jnp.cosh",
    erf: "jax.lax.erf",
    sigmoid: "jax.nn.sigmoid",
    softplus: "jax.nn.softplus",
    Abs: "jnp.abs",
    sign: "jnp.sign",
}
ATOM, POWER, PRODUCT, SUM = range(4)  # how tightly a piece of source holds together


@dataclass(frozen=True)
class Piece:
    """Source of an array with an axis for each of these indices."""

    code: str
    axes: tuple[Idx, ...] = ()
    strength: int = ATOM

    def within(self, strength: int) -> str:
        return self.code if self.strength <= strength else f"({self.code})"


def decimal(e: Rational) -> str:
    """A number as it is written in code: 0.5, 1e-05, 3."""
    return str(e) if e.q == 1 else repr(float(e))


def gathered(e: Expr) -> tuple[Any, Expr]:
    """The product of all numbers in a product, and the rest."""
    factors = Mul.make_args(e)
    number = Mul(*(f for f in factors if f.is_number))
    return number, Mul(*(f for f in factors if not f.is_number))


@dataclass(frozen=True)
class Source:
    """`sizes` says how a size is written: x.shape[0]; `labels` of which whole numbers an array holds the indicators."""

    sizes: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    target: tuple[Idx, ...] = ()  # the axes that are wanted in the end, in their order

    def line(self, e: Expr, axes: Sequence[Any]) -> str:
        """The source of the array with these axes, broadcast to all of them."""
        own = tuple(k for k in axes if isinstance(k, Idx))
        piece = replace(self, target=own).piece(e)
        code = self.aligned(piece, own)
        if set(piece.axes) >= set(own):
            return code
        shape = ", ".join(self.size(k.upper) for k in own)
        return f"jnp.broadcast_to({code}, ({shape}{',' * (len(own) == 1)}))"

    def size(self, e: Any) -> str:
        if isinstance(e, Symbol):
            return self.sizes[e.name]
        return f"({e})" if e.free_symbols - {e} else str(e)

    def aligned(self, piece: Piece, axes: tuple[Idx, ...]) -> str:
        """With the axes in this order; one that is missing has length 1, if a later one is there."""
        if piece.axes == axes:
            return piece.code
        order = [piece.axes.index(k) for k in axes if k in piece.axes]
        code = piece.code
        if order != sorted(order):
            code = f"{piece.within(ATOM)}.T" if order == [1, 0] else f"jnp.transpose({code}, {tuple(order)})"
        present = [k in piece.axes for k in axes]
        while present and not present[0]:
            present.pop(0)
        if all(present):
            return code
        inner = code if order != sorted(order) else piece.within(ATOM)
        return f"{inner}[{', '.join(':' if there else 'None' for there in present)}]"

    def together(self, pieces: Sequence[Piece]) -> tuple[Idx, ...]:
        return tuple(
            sorted(
                {k for p in pieces for k in p.axes},
                key=lambda k: next(
                    (n, p.axes.index(k))
                    for n, p in enumerate(sorted(pieces, key=lambda p: -len(p.axes)))
                    if k in p.axes
                ),
            )
        )

    def operands(self, pieces: Sequence[Piece], strength: int) -> tuple[list[str], tuple[Idx, ...]]:
        axes = self.together(pieces)
        codes = []
        for p in pieces:
            code = self.aligned(p, axes)
            codes.append(p.within(strength) if code == p.code else code)
        return codes, axes

    def piece(self, e: Any) -> Piece:
        if isinstance(e, Rational):
            exact = e.q == 1 or 10**12 % e.q == 0
            return Piece(decimal(e) if exact else str(e), (), ATOM if exact and e.p >= 0 else PRODUCT)
        if e.is_number:
            return Piece(repr(float(e)), (), ATOM if e.is_positive else PRODUCT)
        if isinstance(e, Idx):
            return Piece(f"jnp.arange(1, {self.size(e.upper)} + 1)", (e,))
        if isinstance(e, Symbol):
            return Piece(self.sizes.get(e.name, e.name))
        if isinstance(e, Indexed):
            return self.indexed(e)
        if isinstance(e, Add):
            return self.added(e)
        if isinstance(e, (Mul, Pow)):
            return self.multiplied(e)
        if isinstance(e, Sum):
            return self.summed(e)
        if isinstance(e, KroneckerDelta):
            return self.delta(e)
        if isinstance(e, (Max, Min)):
            codes, axes = self.operands([self.piece(a) for a in e.args], SUM)
            word = "jnp.maximum" if isinstance(e, Max) else "jnp.minimum"
            result = codes[0]
            for code in codes[1:]:
                result = f"{word}({result}, {code})"
            return Piece(result, axes)
        if isinstance(e, Maximum) and e.where == 1:
            inner, (limit,) = self.piece(e.body), e.limits
            axis = inner.axes.index(limit[0])
            return Piece(f"{inner.within(ATOM)}.max({axis})", tuple(k for k in inner.axes if k != limit[0]))
        if isinstance(e, step):
            inner = self.condition(e)
            return Piece(f"jnp.where({inner.code}, 1, 0)", inner.axes)
        if type(e) in WORDS:
            inner = self.piece(e.args[0])
            return Piece(f"{WORDS[type(e)]}({inner.code})", inner.axes)
        raise Outside(f"{type(e).__name__} {e} as source")

    def indexed(self, e: Indexed) -> Piece:
        name, indices = str(e.base.label), e.indices
        if name in self.labels and all(isinstance(i, Idx) for i in indices):
            return Piece(f"jax.nn.one_hot({self.labels[name]}, {self.size(indices[-1].upper)})", tuple(indices))
        if all(isinstance(i, Idx) for i in indices) and len(set(indices)) == len(indices):
            return Piece(name, tuple(indices))
        if all(isinstance(i, (Idx, Integer)) for i in indices):
            own = [i for i in indices if isinstance(i, Idx)]
            if len(set(own)) == len(own):
                places = ", ".join(":" if isinstance(i, Idx) else str(int(i) - 1) for i in indices)
                return Piece(f"{name}[{places}]", tuple(own))
            return self.einsum([Piece(name, tuple(own))], tuple(dict.fromkeys(own)))
        raise Outside(f"{e} as source")

    def condition(self, e: step) -> Piece:
        """step(a − b) as a ≥ b; step(c − ½) of a condition as c."""
        own = e.args[0] + Rational(1, 2)
        if isinstance(own, Indexed | Symbol):
            return self.piece(own)
        terms = Add.make_args(e.args[0])
        minus = [t for t in terms if t.could_extract_minus_sign()]
        left, right = Add(*(t for t in terms if t not in minus)), -Add(*minus)
        codes, axes = self.operands([self.piece(left), self.piece(right)], SUM)
        return Piece(f"{codes[0]} >= {codes[1]}", axes)

    def where(self, which: step, yes: Expr, no: Expr) -> Piece:
        codes, axes = self.operands([self.condition(which), self.piece(yes), self.piece(no)], SUM)
        return Piece(f"jnp.where({', '.join(codes)})", axes)

    def masked(self, e: Any) -> Piece | None:
        """t step(u) as where(u ≥ 0, t, 0), and t (1 − step(u)) the other way round."""
        factors = Mul.make_args(e)
        for f in factors:
            rest = Mul(*(g for g in factors if g != f))
            if isinstance(f, step) and rest != 1:
                return self.where(f, rest, Integer(0))
            if f.is_Add and isinstance(1 - f, step) and rest != 1:
                return self.where(1 - f, Integer(0), rest)
        return None

    def chosen(self, e: Add) -> Piece | None:
        """a step(u) + b (1 − step(u)) as where(u ≥ 0, a, b)."""
        for which in sorted(e.atoms(step), key=str):
            parts = {
                factor: [
                    Mul(*(g for g in Mul.make_args(t) if g != factor)) for t in e.args if factor in Mul.make_args(t)
                ]
                for factor in (which, 1 - which)
            }
            yes, no = parts[which], parts[1 - which]
            if yes and no and len(yes) + len(no) == len(e.args):
                return self.where(which, Add(*yes), Add(*no))
        return None

    def added(self, e: Add) -> Piece:
        chosen = self.chosen(e)
        if chosen is not None:
            return chosen
        terms = sorted(e.args, key=lambda a: (a.could_extract_minus_sign(), a.is_number))
        minus = [t.could_extract_minus_sign() for t in terms]
        pieces = [self.piece(-t if m else t) for t, m in zip(terms, minus, strict=True)]
        codes, axes = self.operands(pieces, PRODUCT)
        first = f"-{codes[0]}" if minus[0] else codes[0]
        rest = "".join(f" {'-' if m else '+'} {code}" for code, m in zip(codes[1:], minus[1:], strict=True))
        return Piece(first + rest, axes, SUM)

    def multiplied(self, e: Any) -> Piece:
        if isinstance(e, Pow) and e.exp != -1:
            return self.power(e)
        if e.could_extract_minus_sign() and isinstance(e, Mul):
            inner = self.piece(-e)
            return Piece(f"-{inner.within(PRODUCT)}", inner.axes, PRODUCT)
        masked = self.masked(e)
        if masked is not None:
            return masked
        number, rest = gathered(e)
        above, below = [], []
        for factor in Mul.make_args(rest):
            _, exponent = factor.as_base_exp()
            negative = exponent.is_number and exponent.is_negative and not isinstance(factor, exp)
            (below if negative else above).append(1 / factor if negative else factor)
        if number.is_Rational and number.q != 1 and 10**12 % number.q:
            above = [Integer(number.p)] * (number.p != 1) + above
            below.append(Integer(number.q))
        elif number.is_Rational and number.p == 1 and number.q <= 10:
            below += [Integer(number.q)] * (number.q != 1)
        elif number != 1:
            above.insert(0, number)
        pieces = [self.piece(f) for f in (*above, *below)]
        axes = self.together(pieces)
        codes = [c if (c := self.aligned(p, axes)) != p.code else p.within(POWER) for p in pieces]
        top = " * ".join(codes[: len(above)]) or "1"
        bottom = codes[len(above) :]
        under = f" / {bottom[0]}" if len(bottom) == 1 else f" / ({' * '.join(bottom)})" if bottom else ""
        return Piece(top + under, axes, PRODUCT if len(codes) > 1 or bottom else pieces[0].strength)

    def power(self, e: Pow) -> Piece:
        base = self.piece(e.base)
        if e.exp == Rational(1, 2):
            return Piece(f"jnp.sqrt({base.code})", base.axes)
        if not e.exp.is_number:
            raise Outside(f"{e} as source")
        return Piece(f"{base.within(ATOM)} ** {e.exp if e.exp.q == 1 else float(e.exp)}", base.axes, POWER)

    def summed(self, e: Sum) -> Piece:
        dummies = tuple(limit[0] for limit in e.limits)
        body = e.function
        while isinstance(body, Sum):
            dummies, body = dummies + tuple(limit[0] for limit in body.limits), body.function
        if isinstance(body, Add):
            return self.piece(Add(*(Sum(t, *((k, k.lower, k.upper) for k in dummies)) for t in body.args)))
        number, rest = gathered(body)
        divided = {f for f in Mul.make_args(rest) if f.as_base_exp()[1].is_negative}
        factors = [f for f in Mul.make_args(rest) if f not in divided]
        pieces = [self.piece(f) for f in factors]
        if divided:  # what divides goes with the factor of most axes
            most = max(range(len(factors)), key=lambda n: len(pieces[n].axes)) if factors else None
            whole = Mul(*divided) if most is None else factors[most] * Mul(*divided)
            pieces = [self.piece(whole), *(p for n, p in enumerate(pieces) if n != most)]
        counted = [k for k in dummies if not any(k in p.axes for p in pieces)]
        number = number * Mul(*(k.upper - k.lower + 1 for k in counted))
        result = self.contracted(pieces, tuple(k for k in dummies if k not in counted))
        if number == 1:
            return result
        scale = self.piece(number)
        return Piece(f"{scale.within(POWER)} * {result.within(POWER)}", result.axes, PRODUCT)

    def contracted(self, pieces: Sequence[Piece], dummies: tuple[Idx, ...]) -> Piece:
        kept = tuple(k for k in self.together(pieces) if k not in dummies)
        if len(pieces) == 1:
            axes = tuple(sorted(pieces[0].axes.index(k) for k in dummies))
            where = str(axes[0]) if len(axes) == 1 else str(axes)
            full = len(axes) == len(pieces[0].axes)
            return Piece(f"{pieces[0].within(ATOM)}.sum({'' if full else where})", kept)
        if len(pieces) == 2 and len(dummies) == 1:
            found = [self.matrix_product(*pair, dummies[0]) for pair in (pieces, pieces[::-1])]
            products = [p for p in found if p is not None]
            ordered = [p for p in products if p.axes == tuple(k for k in self.target if k in p.axes)]
            if products:
                return (ordered or products)[0]
        most = max(pieces, key=lambda p: len(p.axes))
        if all(set(p.axes) <= set(most.axes) for p in pieces) and len(pieces) == 2:
            codes, axes = self.operands(pieces, PRODUCT)
            return self.contracted([Piece(" * ".join(codes), axes, PRODUCT)], dummies)
        return self.einsum(list(pieces), kept)

    def matrix_product(self, a: Piece, b: Piece, k: Idx) -> Piece | None:
        """a @ b, transposed where the index that is summed asks for it."""
        if k not in a.axes or k not in b.axes or set(a.axes) & set(b.axes) != {k}:
            return None
        if len(b.axes) > 2 or (len(a.axes) > 2 and a.axes[-1] != k):
            return None
        left = a.within(ATOM) + (".T" if len(a.axes) == 2 and a.axes[0] == k else "")
        right = b.within(ATOM) + (".T" if len(b.axes) == 2 and b.axes[1] == k else "")
        return Piece(f"{left} @ {right}", tuple(i for i in (*a.axes, *b.axes) if i != k), PRODUCT)

    def einsum(self, pieces: list[Piece], kept: tuple[Idx, ...]) -> Piece:
        letters = dict(zip(dict.fromkeys(k for p in pieces for k in p.axes), "ijklmnpqrst", strict=False))
        terms = ",".join("".join(letters[k] for k in p.axes) for p in pieces)
        out = "".join(letters[k] for k in kept)
        return Piece(f'jnp.einsum("{terms}->{out}", {", ".join(p.code for p in pieces)})', kept)

    def delta(self, e: KroneckerDelta) -> Piece:
        a, b = e.args[:2]
        if isinstance(a, Idx) and isinstance(b, Idx):
            return Piece(f"jnp.eye({self.size(a.upper)}, {self.size(b.upper)})", (a, b))
        raise Outside(f"{e} as source")

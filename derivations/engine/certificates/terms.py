"""From terms of the format to polynomials over atoms: definitions are put in, derivatives are carried out."""

from collections.abc import Iterable
from fractions import Fraction

from derivations.engine.certificates.polynomials import (
    Atom,
    Index,
    Poly,
    Refused,
    add,
    leaf_index,
    minus,
    number,
    scale,
    single,
)
from derivations.engine.certificates.products import leaf_names
from derivations.engine.certificates.sums import Sums
from derivations.engine.certificates.words import KINKS, SLOPES


def parsed(t: list) -> tuple[str, str, list, list, list]:
    """Kind, name, indices, bound leaves and parts of a term."""
    match t:
        case ["x" as kind, name, indices]:
            return kind, name, indices, [], []
        case ["k" | "d" as kind, *indices]:
            return kind, "", indices, [], []
        case ["S" | "M" as kind, leaves, *parts]:
            return kind, "", [], leaves, parts
        case ["F" as kind, name, indices, leaves, body]:
            return kind, name, indices, leaves, [body]
        case ["f" | "u" as kind, name, *parts]:
            return kind, name, [], [], parts
        case ["step" as kind, y]:
            return kind, "", [], [], [y]
        case ["c" as kind, "pi"]:
            return kind, "pi", [], [], []
    raise Refused(f"{t[0]} is not part of the format")


class Terms(Sums):
    def poly(self, t: list, env: dict[str, Index]) -> Poly:
        """The term, with leaves replaced as `env` says."""
        match t:
            case ["n", c]:
                return number(Fraction(c))
            case ["x", "·", x]:  # what X stands for
                return dict(x)
            case ["+", *parts]:
                polys = [self.poly(p, env) for p in parts]
                signs = [self.sign(p) for p in polys]
                return self.marked(add(*polys), max(signs) if all(signs) else 0)
            case ["*", *parts]:
                polys = [self.poly(p, env) for p in parts]
                return self.marked(self.times(*polys), min(map(self.sign, polys)))
            case ["^", base, e]:
                poly, exponent = self.poly(base, env), self.poly(e, env)
                if set(exponent) <= {()}:
                    e = exponent.get((), Fraction(0))
                    return self.marked(self.power(poly, e), max(self.sign(poly), int(e > 0 and e % 2 == 0)))
                return self.power_of(poly, exponent)
            case ["D", body, variables]:
                return self.derivative(body, variables, env)
            case ["cases", *branches]:
                self.use("kink")
                result, left = {}, number(1)
                for value, condition in branches:
                    holds = self.poly(condition, env)
                    result = add(result, self.times(left, holds, self.poly(value, env)))
                    left = self.times(left, self.denied(holds))
                if left:
                    self.need("nonzero", self.denied(left))
                return result
            case [word, *parts] if word in KINKS:
                self.use("kink")
                return self.marked(self.poly(KINKS[word](*parts), env), int(word == "abs"))
            case ["P", leaves, body]:
                new, inner = self.scope(leaves, env)
                return self.product(new, body, inner)
        kind, name, indices, leaves, parts = parsed(t)
        new, inner = self.scope(leaves, env)
        return self.made(kind, name, [self.index(i, env) for i in indices], new, [self.poly(p, inner) for p in parts])

    def scope(self, leaves: Iterable[str], env: dict[str, Index]) -> tuple[tuple[str, ...], dict[str, Index]]:
        new = {leaf: self.new(leaf) for leaf in leaves}
        return tuple(new.values()), env | {leaf: leaf_index(k) for leaf, k in new.items()}

    def made(self, kind: str, name: str, at: list[Index], leaves: tuple[str, ...], inner: list[Poly]) -> Poly:
        """What is made of these parts, by the laws of its kind."""
        match kind:
            case "x":
                return self.entry(name, at)
            case "k":
                return self.whole(at[0])
            case "d":
                return self.delta(at[0] if len(at) == 1 else minus(*at))
            case "q":
                return inner[0]
            case "S":
                sign = min(self.sign(inner[0]), 1 if any(map(self.may_be_empty, leaves)) else 2)
                return self.marked(self.sum(leaves, inner[0]), sign)
            case "M":
                return self.maximum(*leaves, *inner)
            case "exp" | "log" | "step" | "zero":
                return getattr(self, kind)(inner[0])
            case "parity":
                return self.parity(inner[0])
            case "f" if name == "log":
                self.need("positive", inner[0])
                return self.log(inner[0])
            case "f":
                return self.function(name, inner[0])
            case "F":
                return self.bound(kind, leaves, inner, name, at)
            case "u":
                return single(self.atom("u", name, inner=inner))
        return single(self.atom(kind, name))

    def whole(self, i: Index) -> Poly:
        return add(number(i[0]), *(scale(single(self.atom("k", at=[leaf_index(leaf)])), c) for leaf, c in i[1]))

    def entry(self, name: str, indices: list[Index]) -> Poly:
        """An entry, or what it is defined to be."""
        if (name, len(indices)) not in self.independent:
            for (_, other, places), right in self.record["definitions"]:
                if other == name and len(places) == len(indices):
                    self.use("definition")
                    values = self.unify([self.index(i, {}) for i in places], indices)
                    if values is None or not all(self.inside(i, leaf) for leaf, i in values.items()):
                        raise Refused(f"the definition of {name} does not reach its indices")
                    return self.poly(right, values)
        return self.mono({self.atom("x", name, indices): 1})

    def product(self, leaves: tuple, body: list, env: dict[str, Index]) -> Poly:
        """exp Σ log f; Π step(f) = step(min f)."""
        self.use("product")
        result = number(1)
        for factor in body[1:] if body[0] == "*" else [body]:
            if factor[0] == "step" and not any(map(self.may_be_empty, leaves)):
                greatest = scale(self.poly(factor[1], env), -1)
                for leaf in leaves:
                    greatest = self.maximum(leaf, greatest, number(1))
                result = self.times(result, self.step(scale(greatest, -1)))
            else:
                poly = self.poly(factor, env)
                self.need("positive", poly)
                result = self.times(result, self.exp(self.sum(leaves, self.log(poly))))
        return result

    def derivative(self, body: list, variables: list, env: dict[str, Index]) -> Poly:
        """∂(…)/∂x: equations of the hypotheses say nothing of it, and what x is defined to be is put in afterwards."""
        self.use("derivative")
        before, self.rules, rules, poly, noted = self.independent, [], self.rules, None, len(self.needed)
        for t in variables:
            if t[0] != "x" or t[1] in self.record["sizes"]:
                raise Refused("a derivative by what is no variable")
            self.independent |= {(t[1], len(t[2]))}
            poly = self.poly(body, env) if poly is None else self.renewed(poly)
            poly = self.slope(poly, t[1], [self.index(i, env) for i in t[2]])
        self.independent, self.rules = before, rules
        self.needed[noted:] = [(kind, self.renewed(p)) for kind, p in self.needed[noted:]]
        return self.renewed(poly)

    def slope(self, poly: Poly, name: str, places: list[Index]) -> Poly:
        parts = []
        for m, c in poly.items():
            for a, e in m:
                if (name, len(places)) in a.arrays:
                    if e < 1 and e.denominator != 1:
                        self.need("positive", single(a))
                    rest = self.mono({**dict(m), a: e - 1})
                    parts.append(scale(self.times(rest, self.slope_of(a, name, places)), c * e))
        return add(*parts)

    def slope_of(self, a: Atom, name: str, places: list[Index]) -> Poly:
        names, inner = self.opened(a)
        leaves, slopes = leaf_names(names), [self.slope(p, name, places) for p in inner]
        match a.kind:
            case "x":
                return self.times(*(self.delta(minus(i, j)) for i, j in zip(a.at, places, strict=True)))
            case "q":
                return slopes[0]
            case "exp":
                return self.times(single(a), slopes[0])
            case "log":
                return self.times(self.power(inner[0], -1), slopes[0])
            case "f":
                return self.times(self.with_x(SLOPES[a.name], inner[0]), slopes[0])
            case "step" | "zero":
                self.need("nonzero", inner[0])
                return {}
            case "S":
                return self.sum(leaves, slopes[0])
            case "M":
                attained = self.times(inner[1], self.step(add(inner[0], scale(single(a), -1))))
                self.ties.append(add(self.sum(leaves, attained), number(-1)))
                return self.sum(leaves, self.times(attained, slopes[0]))
            case "u":
                primes = [f"{a.name}'" + (str(k + 1) if len(inner) > 1 else "") for k in range(len(inner))]
                return add(
                    *(
                        self.times(single(self.atom("u", p, inner=inner)), d)
                        for p, d in zip(primes, slopes, strict=True)
                    )
                )
            case "F":
                again, body = self.opened(a)
                outer = self.bound("F", leaf_names(again), body, f"{a.name}'", [*a.at, *names.values()])
                return self.sum(leaves, self.times(outer, slopes[0]))
        raise Refused(f"no rule for the derivative of {a.kind}")

"""The checker on terms: definitions are put in, derivatives are carried out."""

from typing import Any

from derivations.engine.certificates.algebra import (
    SLOPES,
    WRITTEN,
    Index,
    Poly,
    Refused,
    add,
    fn,
    leaf_index,
    neg,
    num,
    number,
    put,
    scale,
)
from derivations.engine.certificates.ranges import Ranges

WORDS = {"+", "*", "^", "step", "sign", "abs", "H", "max", "min", "and", "or", "not", ">", ">=", "<", "<=", "!=", "="}


class Terms(Ranges):
    def poly(self, t: list) -> Poly:
        raise NotImplementedError

    def sign(self, poly: Poly) -> Poly:
        raise NotImplementedError

    def signs(self, poly: Poly) -> set[int]:
        raise NotImplementedError

    # --- terms: definitions are put in, derivatives are carried out

    def well_formed(self, t: Any, seen: set[str]) -> None:
        """Refused if this is no term of the format, or if it binds an index twice."""
        match t:
            case ["n" | "c", str()] | ["true"]:
                inner = []
            case ["k", i]:
                inner = self.well_placed([i])
            case ["d" | "same", i, j]:
                inner = self.well_placed([i, j])
            case ["x", str() as name, indices]:
                inner = self.well_placed(indices)
                for axis, i in enumerate(map(self.index, indices)):
                    self.on_axis((name, len(indices), axis), i)
            case ["S" | "P" | "M", leaves, *inner]:
                self.binds(leaves, seen)
            case ["F", str(), indices, leaves, body]:
                self.well_placed(indices)
                self.binds(leaves, seen)
                inner = [body]
            case ["D", body, variables]:
                inner = [body, *variables]
            case ["cases", *branches]:
                inner = [part for value, condition in branches for part in (value, condition)]
            case ["f" | "u", str(), *inner]:
                pass
            case [str() as word, *inner] if word in WORDS:
                pass
            case _:
                raise Refused(f"{t} is no term")
        for part in inner:
            self.well_formed(part, seen)

    def on_axis(self, axis: tuple, i: Index) -> None:
        """Refused if the ranges of two indices of one axis have other sizes in them."""
        if i[0] == 0 and len(i[1]) == 1 and i[1][0][1] == 1:
            sizes = {a for m in self.range[i[1][0][0]][1] for a, _ in m}
            if self.axes.setdefault(axis, sizes) != sizes:
                raise Refused(f"an axis of {axis[0]} is indexed by two ranges")

    def well_placed(self, indices: list) -> list:
        for constant, terms in indices:
            if not isinstance(constant, int) or not all(k in self.range and isinstance(c, int) for k, c in terms):
                raise Refused("an index has no range")
        return []

    def free_leaves(self, t: Any) -> set[str]:
        """Every index that stands somewhere and is not bound around it."""
        if not isinstance(t, list) or not t:
            return set()
        if len(t) == 2 and isinstance(t[0], int) and isinstance(t[1], list):
            return {leaf for leaf, _ in t[1]}
        bound = set(t[1]) if t[0] in ("S", "P", "M") else set(t[3]) if t[0] == "F" else set()
        return set().union(*map(self.free_leaves, t)) - bound

    def binds(self, leaves: list, seen: set[str]) -> None:
        for leaf in leaves:
            if leaf in seen or leaf not in self.range:
                raise Refused(f"the index {leaf} is bound twice, or has no range")
            seen.add(leaf)

    def replaced(self, t: Any, values: dict[str, Index]) -> Any:
        """The term with leaves replaced; what it binds gets new names."""
        if not isinstance(t, list) or not t:
            return t
        if len(t) == 2 and isinstance(t[0], int) and isinstance(t[1], list):
            i = put(self.index(t), values)
            return [i[0], [list(pair) for pair in i[1]]]
        if t[0] in ("S", "P", "M", "F"):
            where = 3 if t[0] == "F" else 1
            new = [self.new(leaf) for leaf in t[where]]
            values = {**values, **{old: leaf_index(name) for old, name in zip(t[where], new, strict=True)}}
            return [new if k == where else self.replaced(part, values) for k, part in enumerate(t)]
        return [self.replaced(part, values) for part in t]

    def unfold(self, t: Any, stop: frozenset) -> Any:
        match t:
            case ["x", name, indices] if (name, len(indices)) not in stop:
                for (_, other, places), right in self.record["definitions"]:
                    if other == name and len(places) == len(indices):
                        self.use("definition")
                        leaves = [i[1][0][0] for i in places]
                        values = dict(zip(leaves, map(self.index, indices), strict=True))
                        if not all(self.inside(i, leaf) for leaf, i in values.items()):
                            raise Refused(f"the definition of {name} does not reach {t}")
                        return self.unfold(self.replaced(right, values), stop)
                return t
            case ["D", e, variables]:
                self.use("derivative")
                for x in variables:
                    x_rank = (x[1], len(x[2]))
                    if x[0] != "x" or x[1] in self.record["sizes"]:
                        raise Refused("a derivative by what is no variable")
                    e = self.replaced(self.slope(self.unfold(e, stop | {x_rank}), x), {})
                return self.unfold(e, stop)
        if isinstance(t, list) and t and t[0] not in ("n", "c", "x", "k", "d"):
            return [self.unfold(part, stop) if isinstance(part, list) else part for part in t]
        return t

    def moves(self, t: Any, x: list) -> bool:
        return isinstance(t, list) and (t[:2] == x[:2] or any(self.moves(part, x) for part in t))

    def slope(self, t: list, x: list) -> list:
        if not self.moves(t, x):
            return num(0)
        match t:
            case ["x", _, indices]:
                if len(indices) != len(x[2]):
                    return num(0)
                return ["*", num(1), *(["d", i, j] for i, j in zip(indices, x[2], strict=True))]
            case ["+", *parts]:
                return ["+", *(self.slope(p, x) for p in parts)]
            case ["*", *parts]:
                moved = [(k, p) for k, p in enumerate(parts) if self.moves(p, x)]
                return ["+", *(["*", self.slope(p, x), *parts[:k], *parts[k + 1 :]] for k, p in moved)]
            case ["^", base, e]:
                whole = e[0] == "n" and "/" not in e[1]
                if not (whole or e[0] == "k") and self.form(base) < 2:
                    self.need("positive", self.poly(base))
                inner = ["*", e, ["^", base, ["+", e, num(-1)]], self.slope(base, x)]
                return inner if not self.moves(e, x) else ["+", inner, ["*", t, fn("log", base), self.slope(e, x)]]
            case ["S", leaves, body]:
                return ["S", leaves, self.slope(body, x)]
            case ["P", leaves, body]:
                new = self.replaced(["S", leaves, ["*", self.slope(body, x), ["^", body, num(-1)]]], {})
                return ["*", t, new]
            case ["M", leaves, body, where]:
                top = self.replaced(t, {})
                among = ["S", leaves, ["*", where, ["step", ["+", body, neg(top)]]]]
                self.ties.append(add(self.poly(self.replaced(among, {})), number(-1)))
                return ["S", leaves, ["*", where, ["step", ["+", body, neg(top)]], self.slope(body, x)]]
            case ["f", name, y]:
                if name in WRITTEN:
                    return self.slope(WRITTEN[name](y), x)
                if name == "log" and self.form(y) < 2:
                    self.need("positive", self.poly(y))
                return ["*", SLOPES[name](y), self.slope(y, x)]
            case ["u", name, *ys]:
                primes = [f"{name}'" + (str(k + 1) if len(ys) > 1 else "") for k in range(len(ys))]
                return ["+", *(["*", ["u", p, *ys], self.slope(y, x)] for p, y in zip(primes, ys, strict=True))]
            case ["F", name, indices, leaves, body]:
                if not leaves:
                    return ["*", ["F", f"{name}'", indices, [], body], self.slope(body, x)]
                inner = [self.new(leaf) for leaf in leaves]
                moved = self.replaced(body, {a: leaf_index(b) for a, b in zip(leaves, inner, strict=True)})
                places = [[0, [[leaf, 1]]] for leaf in inner]
                outer = self.replaced(["F", f"{name}'", [*indices, *places], leaves, body], {})
                return ["S", inner, ["*", outer, self.slope(moved, x)]]
            case ["step" | "sign" | "H", y, *_]:
                self.need("nonzero", self.poly(y))
                return num(0)
            case ["abs", y]:
                self.need("nonzero", self.poly(y))
                return ["*", ["sign", y], self.slope(y, x)]
            case ["max" | "min" as kind, *parts]:
                flip = 1 if kind == "max" else -1
                for k, p in enumerate(parts):
                    for q in parts[:k]:
                        self.need("nonzero", self.poly(["+", p, neg(q)]))
                steps = [[["step", ["*", num(flip), ["+", p, neg(q)]]] for q in parts if q is not p] for p in parts]
                return ["+", *(["*", self.slope(p, x), *s] for p, s in zip(parts, steps, strict=True))]
            case ["cases", *branches]:
                for _, condition in branches:
                    self.off_edges(condition)
                return ["cases", *([self.slope(value, x), condition] for value, condition in branches)]
        raise Refused(f"no rule for the derivative of {t[0]}")

    def off_edges(self, c: list) -> None:
        if c[0] in ("and", "or", "not"):
            for part in c[1:]:
                self.off_edges(part)
        elif c[0] in (">", ">=", "<", "<="):
            self.need("nonzero", self.poly_gap(c))

    def poly_gap(self, c: list) -> Poly:
        return add(self.poly(c[1]), scale(self.poly(c[2]), -1))

"""Canonical names for the dummies of a sum, so that Σ_a x_a y_a and Σ_b x_b y_b are the same atom.

Dummies are coloured by their ranges and refined by the factors in which they stand until nothing changes (colour
refinement); a colour shared by several dummies is broken by trying each of them, once for all that can be exchanged
without changing the product, and the least resulting text wins. For products of matrices the refinement
alone decides; brute force would try every order of the dummies.
"""

from collections.abc import Mapping

from derivations.engine.kernel.terms import Atom, Exponent, Poly
from derivations.engine.kernel.whole import whole
from derivations.engine.language.indices import Leaf

Powers = Mapping[Atom, Exponent]
SYMMETRIC = ("inverse", "symmetric")  # the inverse of a symmetric matrix


def canonical_order(dummies: list[Leaf], powers: Powers) -> list[Leaf]:
    """The dummies in an order that doesn't depend on their names."""
    if len(dummies) == 1:
        return dummies
    return _search(dummies, powers, _ranked({d: d.range_key for d in dummies}))


def _search(dummies: list[Leaf], powers: Powers, colours: dict[Leaf, str]) -> list[Leaf]:
    colours = _refine(dummies, powers, colours)
    cells: dict[str, list[Leaf]] = {}
    for d in dummies:
        cells.setdefault(colours[d], []).append(d)
    ambiguous = [colour for colour in sorted(cells) if len(cells[colour]) > 1]
    if not ambiguous:
        return sorted(dummies, key=lambda d: colours[d])
    cell = cells[ambiguous[0]]
    orders = [_search(dummies, powers, colours | {d: colours[d] + "!"}) for d in _representatives(cell, powers)]
    return min(orders, key=lambda order: _text(powers, {d: f"•{k:02d}" for k, d in enumerate(order)}))


def _refine(dummies: list[Leaf], powers: Powers, colours: dict[Leaf, str]) -> dict[Leaf, str]:
    while True:
        signatures = {
            d: colours[d] + "|" + _text({a: e for a, e in powers.items() if d in a.leaves}, colours | {d: "@"})
            for d in dummies
        }
        refined = _ranked(signatures)
        if len(set(refined.values())) == len(set(colours.values())):
            return refined
        colours = refined


def _ranked(signatures: dict[Leaf, str]) -> dict[Leaf, str]:
    """Short colours in the order of the signatures."""
    rank = {s: f"•{k:02d}" for k, s in enumerate(sorted(set(signatures.values())))}
    return {d: rank[s] for d, s in signatures.items()}


def _representatives(cell: list[Leaf], powers: Powers) -> list[Leaf]:
    """One of each set of dummies that can be exchanged pairwise without changing the product."""
    chosen: list[Leaf] = []
    for d in cell:
        if not any(_text(powers, {d: "•x", c: "•y"}) == _text(powers, {d: "•y", c: "•x"}) for c in chosen):
            chosen.append(d)
    return chosen


def _text(powers: Powers, colours: Mapping[Leaf, str]) -> str:
    """A text of the product in which the coloured dummies appear by colour alone, and bound ones inside as one mark."""
    return "*".join(sorted(f"{_atom_text(a, colours)}^{e}" for a, e in powers.items()))


def _atom_text(atom: Atom, colours: Mapping[Leaf, str]) -> str:
    atom.under.tick()
    if atom.leaves.isdisjoint(colours):
        return atom.key
    inner = {**colours, **{b: "•" + b.range_key for b in atom.binders}}
    if atom.kind == "delta":  # i − j and j − i are the same delta
        indices = "".join(sorted(f"{abs(c)}{inner.get(leaf, leaf.name)}" for leaf, c in atom.indices[0].terms))
    elif atom.kind == "step" and (found := whole(atom.under, atom.args[0])) is not None:
        return "step:" + "".join(sorted(f"{abs(c)}{inner.get(leaf, leaf.name)}" for leaf, c in found[0].terms))
    elif (atom.kind, atom.name) == SYMMETRIC or (atom.name in atom.under.symmetric and atom.kind == "variable"):
        indices = ",".join(sorted(i.render(inner) for i in atom.indices))
    else:
        indices = ",".join(i.render(inner) for i in atom.indices)
    return f"{atom.kind}:{atom.name}[{indices}]({';'.join(_poly_text(p, inner) for p in atom.args)})"


def _poly_text(poly: Poly, colours: Mapping[Leaf, str]) -> str:
    return "+".join(sorted(f"{c} {_text(dict(m), colours)}" for m, c in poly.terms.items()))

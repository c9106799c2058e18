"""Certificates: every proof has one, the checker shares nothing with the engine, and a damaged one is refused."""

import ast
import copy
import json
from functools import cache
from pathlib import Path
from random import Random

import pytest
import sympy
from sympy import Function, Idx, IndexedBase, KroneckerDelta, Rational, Symbol

from derivations import dimension, judge
from derivations.catalogue import catalogue
from derivations.engine.certificates import check as checker
from derivations.engine.certificates.check import check
from derivations.engine.certificates.format import AXIOMS
from derivations.engine.judging.refute import search
from derivations.engine.judging.statement import statement
from derivations.engine.kernel.assumptions import Undefined
from derivations.engine.language import vocabulary
from derivations.engine.language.calculus import UnknownFunction
from derivations.engine.language.fold import NoFormula
from derivations.lectures import CLAIMS
from derivations.registry import derivations
from functional_bp import cli

ROOM = Path(checker.__file__).parent


SOURCES = {  # name: all that it proves
    **{name: claim.judge for name, claim in catalogue().items()},
    **{name: derivation.check for name, derivation in derivations().items()},
    **{name: claim.judge for name, claim in CLAIMS.items()},
}
SAMPLE = [  # together they use every axiom but that of sin(−x)
    *("two_layers.W", "attention.V", "softmax", "relu", "geglu.a", "subset_max", "power_product.z", "affine.W", "kl"),
    *("affine.bias_as_weight", "polynomial.z", "B2", "B14", "C2", "C6", "D2", "D8", "D9", "E9"),
]
everything = pytest.mark.parametrize("names", [SAMPLE, pytest.param(list(SOURCES), marks=pytest.mark.slow)], ids=len)


@cache
def records_of(name):
    """name: certificate, for everything that is proven under this name."""
    found = SOURCES[name]()
    verdicts = getattr(found, "verdicts", (found,))
    return {f"{name}, {k}": json.loads(json.dumps(v.proof.to_json())) for k, v in enumerate(verdicts, 1) if v}


@cache
def reflected():
    """sin(−x) = −sin x: what is nowhere derived, and an axiom all the same."""
    x = Symbol("x")
    return judge(sympy.sin(-x, evaluate=False), -sympy.sin(x)).proof.to_json()


def records(names):
    return {name: record for source in names for name, record in records_of(source).items()} | {"sin": reflected()}


@everything
def test_every_proof_is_followed(names):
    assert {name: found for name, record in records(names).items() if (found := check(record).refused)} == {}


@pytest.mark.slow
def test_there_are_as_many_proofs_as_the_library_has():
    assert len(records(SOURCES)) >= 350


def test_the_checker_imports_nothing_of_the_engine():
    seen, left = set(), ["check"]
    while left:
        stem = left.pop()
        seen.add(stem)
        for node in ast.walk(ast.parse((ROOM / f"{stem}.py").read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert not name.startswith("derivations") or name.startswith("derivations.engine.certificates."), name
                assert not name.startswith("sympy")
                if name.startswith("derivations") and name.split(".")[-1] not in seen:
                    left.append(name.split(".")[-1])
    assert seen == {"check", "laws", "polynomials", "search", "words", "format"}


def test_what_has_to_be_trusted_is_no_longer_than_it_was():
    """Lines that a reader of the checker has to trust; `search` is not among them."""
    trusted = ("check", "laws", "polynomials", "words", "format")
    assert sum(len((ROOM / f"{stem}.py").read_text().splitlines()) for stem in trusted) <= 1220


@everything
def test_every_axiom_is_used_and_needed(names):
    used = {axiom for record in records(names).values() for axiom in record["axioms"]}
    assert used == set(AXIOMS)
    for record in filter(lambda record: record["axioms"], records(names).values()):
        less = {**record, "axioms": record["axioms"][1:]}
        assert "does not name the axiom" in check(less).refused


TAGS = {"n", "c", "x", "k", "+", "*", "^", "f", "u", "d", "S", "P", "M", "F", "D", "step", "sign", "abs", "max", "min"}


def parts(t, path=()):
    """Every place in a record at which something can be exchanged."""
    for k, part in enumerate(t) if isinstance(t, list) else ():
        yield from parts(part, (*path, k))
    if path:
        yield path, t


def damaged(record, rng):
    """The record with a law, a condition, a term or an index exchanged."""
    record = copy.deepcopy(record)
    kind = rng.choice(("axiom", "condition", "term", "term", "index"))
    if kind == "axiom" and record["axioms"]:
        spare = sorted(set(AXIOMS) - set(record["axioms"]))
        record["axioms"][rng.randrange(len(record["axioms"]))] = rng.choice(spare)
        return record
    if kind == "condition" and record["conditions"]:
        record["conditions"].pop(rng.randrange(len(record["conditions"])))
        return record
    side = rng.choice(("left", "right"))
    places = [(path, t) for path, t in parts(record[side]) if kind == "term" or isinstance(t, str)]
    leaves = list(record["indices"])
    if kind == "term":
        places = [
            (path, t) for path, t in places if isinstance(t, list) and t and isinstance(t[0], str) and t[0] in TAGS
        ]
    else:
        places = [(path, t) for path, t in places if t in leaves]
    if not places:
        return None
    path, old = rng.choice(places)
    choices = leaves if kind == "index" else [t for _, t in places] + [["*", ["n", "2"], old], ["n", "0"], ["n", "1"]]
    choices = [new for new in choices if new != old]
    if not choices:
        return None
    target = record[side]
    for k in path[:-1]:
        target = target[k]
    target[path[-1]] = copy.deepcopy(rng.choice(choices))
    return record


class Reader:
    """A certificate read back as SymPy, to be evaluated."""

    def __init__(self, record):
        self.record = record
        self.sizes = {name: dimension(name, least) for name, least in record["sizes"].items()}

    def leaf(self, name):
        low, up = self.record["indices"][name]
        return Idx(name.replace("#", "_"), (low, self.term(up)))

    def index(self, i):
        return sum((c * self.leaf(leaf) for leaf, c in i[1]), sympy.Integer(i[0]))

    def named(self, kind, name, rank):
        told = {w: True for w, names in self.record["declared"].items() if f"{name}/{rank}" in names}
        return kind(name, **told)

    def term(self, t):
        word, *rest = t
        match t:
            case ["n", c]:
                return Rational(c)
            case ["c", "pi"]:
                return sympy.pi
            case ["x", name, []]:
                return self.sizes.get(name) or self.named(Symbol, name, 0)
            case ["x", name, indices]:
                return self.named(IndexedBase, name, len(indices))[tuple(map(self.index, indices))]
            case ["k", i]:
                return self.index(i)
            case ["d", i, j]:
                return KroneckerDelta(self.index(i), self.index(j))
            case ["S" | "P", leaves, body]:
                limits = [(k, k.lower, k.upper) for k in map(self.leaf, reversed(leaves))]
                return {"S": sympy.Sum, "P": sympy.Product}[word](self.term(body), *limits)
            case ["M", [leaf], body, where]:
                return vocabulary.Maximum(self.term(body), self.leaf(leaf), self.term(where))
            case ["F", name, indices, leaves, body]:
                return vocabulary.Field(name)[tuple(map(self.index, indices))](self.term(body), *map(self.leaf, leaves))
            case ["D", body, variables]:
                return sympy.Derivative(self.term(body), *map(self.term, variables))
            case ["cases", *branches]:
                return sympy.Piecewise(*((self.term(v), self.condition(c)) for v, c in branches))
            case ["u", name, *parts]:
                return Function(name)(*map(self.term, parts))
            case ["f", name, part]:
                return (getattr(vocabulary, name, None) or getattr(sympy, name))(self.term(part))
        kinds = {"+": sympy.Add, "*": sympy.Mul, "^": sympy.Pow, "step": vocabulary.step, "sign": sympy.sign}
        kinds |= {"abs": sympy.Abs, "H": sympy.Heaviside, "max": sympy.Max, "min": sympy.Min}
        return kinds[word](*map(self.term, rest))

    def condition(self, c):
        if c[0] in ("true", "and", "or", "not"):
            kinds = {"true": lambda: sympy.true, "and": sympy.And, "or": sympy.Or, "not": sympy.Not}
            return kinds[c[0]](*map(self.condition, c[1:]))
        if c[0] == "same":
            return sympy.Eq(*map(self.index, c[1:]))
        kinds = {">": sympy.Gt, ">=": sympy.Ge, "<": sympy.Lt, "<=": sympy.Le, "!=": sympy.Ne, "=": sympy.Eq}
        return kinds[c[0]](*map(self.term, c[1:]), evaluate=False)

    def false(self):
        """A point at which the claim is false, if one is found where the conditions hold."""
        record = self.record
        given = [
            sympy.Eq(*map(self.term, pair), evaluate=False) for pair in record["definitions"] + record["equations"]
        ]
        given += map(self.condition, record["given"])
        given += [sympy.Ne(*map(self.index, pair), evaluate=False) for pair in record["different"]]
        free = tuple(map(self.leaf, record["indices"]))
        claim = statement(self.term(record["left"]), self.term(record["right"]), given, free)
        said = [c for c in map(self.condition, record["conditions"]) if c not in (True, sympy.true)]
        return search(*claim.formulas, claim.hypotheses, claim.free, (*claim.defined, *said)).counterexample


def still_followed(number, sources, seed=3):
    """Damaged certificates that the checker follows, and how many were damaged."""
    rng, found, total, known = Random(seed), [], 0, records(sources)
    names = sorted(known)
    while total < number:
        name = rng.choice(names)
        record = damaged(known[name], rng)
        if record is None:
            continue
        total += 1
        if not check(record).refused:
            found.append((name, record))
    return found, total


@pytest.mark.parametrize(
    ("number", "sources"),
    [(100, SAMPLE), pytest.param(1000, list(SOURCES), marks=pytest.mark.slow)],
    ids=["100", "1000"],
)
def test_a_damaged_certificate_is_refused_unless_it_still_is_a_proof(number, sources):
    found, total = still_followed(number, sources)
    assert len(found) <= total / 4  # most of them are refused
    for name, record in found:
        try:
            assert Reader(record).false() is None, name
        except (NoFormula, Undefined, UnknownFunction) as error:
            pytest.fail(f"{name}: followed, and no claim: {error}")


def test_evaluation_sees_what_is_false():
    record = copy.deepcopy(records_of("softmax")["softmax, 1"])
    assert Reader(record).false() is None
    record["right"] = ["*", ["n", "2"], record["right"]]
    assert Reader(record).false() is not None


def test_from_the_command_line(tmp_path, capsys):
    path = tmp_path / "softmax.json"
    assert cli.main(["derive", "softmax", "--certificate", str(path)]) == 0
    assert cli.main(["recheck", str(path)]) == 0
    assert "softmax, step 1: follows from its axioms" in capsys.readouterr().out
    saved = json.loads(path.read_text())
    saved["softmax, step 2"]["right"] = ["n", "0"]
    path.write_text(json.dumps(saved))
    assert cli.main(["recheck", str(path)]) == 1
    assert "softmax, step 2: refused: the two sides are not found to be equal" in capsys.readouterr().out
    path.write_text("[]")
    assert cli.main(["recheck", str(path)]) == 2

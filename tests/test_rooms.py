"""To read a rule with its proof and its tests, one opens the same stem in four rooms; no rule stands apart."""

import ast
import re
from pathlib import Path

import pytest

import functional_bp as bp
from functional_bp import rules

ROOT = Path(__file__).parents[1]
RULE_FILES = sorted(
    path for path in (ROOT / "functional_bp" / "rules").glob("*.py") if path.stem not in ("__init__", "catalogue")
)
MATHEMATICS = [*RULE_FILES, *sorted((ROOT / "functional_bp" / "jacobians").glob("*.py"))]
FORMULA = re.compile(r"^[yzD](_\w)? = .+;  \S")  # the output; the Jacobian

every_rule_file = pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)


def rules_in(source: str) -> dict[str, str]:
    """The functions that a module names in `__all__`, and their docstrings."""
    body = ast.parse(source).body
    named = next(ast.literal_eval(node.value) for node in body if is_all(node))
    return {f.name: ast.get_docstring(f) or "" for f in body if isinstance(f, ast.FunctionDef) and f.name in named}


def is_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def imported_packages(source: str) -> set[str]:
    packages = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=aliases):
                packages |= {alias.name.split(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module)):
                packages.add(module.split(".")[0])
            case ast.Call(args=[ast.Constant(value=str(name)), *_]):  # import_module("…"), __import__("…")
                packages.add(name.split(".")[0])
    return packages


@every_rule_file
@pytest.mark.parametrize("room", ["tests/rules/test_{}.py", "derivations/{}.py", "tests/derivations/test_{}.py"])
def test_every_rule_file_has_its_stem_in_every_room(path, room):
    assert (ROOT / room.format(path.stem)).is_file()


def test_the_tests_of_rules_stand_under_the_names_of_rule_files():
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "rules").glob("test_*.py")}
    assert tests == {"catalogue", *(path.stem for path in RULE_FILES)}


@every_rule_file
def test_no_rule_file_is_long(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", MATHEMATICS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_rules_know_nothing_of_their_derivations(path):
    """A proof that shared code with what it proves would prove nothing."""
    assert imported_packages(path.read_text()).isdisjoint({"derivations", "sympy"})


@every_rule_file
def test_every_rule_is_public_and_begins_with_its_formula(path):
    found = rules_in(path.read_text())
    assert found
    for name, docstring in found.items():
        assert name in rules.__all__
        assert getattr(bp, name).__name__ == name
        assert FORMULA.match(docstring.splitlines()[0] if docstring else ""), f"{name}: {docstring.splitlines()[:1]}"


def test_every_public_rule_is_found_by_the_walk():
    found = {name for path in RULE_FILES for name in rules_in(path.read_text())}
    assert found == {name for name in rules.__all__ if not isinstance(getattr(rules, name), type)}


def test_the_walks_find_what_is_planted():
    assert imported_packages("def f():\n    from derivations.softmax import J") == {"derivations"}
    assert imported_packages("import sympy as sp\nimport_module('derivations.affine')") == {"sympy", "derivations"}
    assert rules_in("__all__ = ['C', 'f']\ndef f(z):\n    'y = z'\n\ndef g(): ...\nclass C: ...") == {"f": "y = z"}
    assert FORMULA.match("y = tanh z;  J = diag(1 − y²).")
    assert not FORMULA.match("The hyperbolic tangent.")


def test_shapes_in_signatures_are_checked_while_the_tests_run(request):
    """Only where there are some: checked calls take their time."""
    checked = request.config.getoption("jaxtyping_packages").split(",")[:-1]
    package = ROOT / "functional_bp"
    for path in package.rglob("*.py"):
        if "jaxtyping" in imported_packages(path.read_text()):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            assert any(module == name or module.startswith(name + ".") for name in checked), module

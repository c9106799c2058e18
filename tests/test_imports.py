"""No file imports in a circle, and none inside a function without a reason that stands here."""

import ast
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATHS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("functional_bp", "derivations", "benchmarks")
    for path in sorted((ROOT / top).rglob("*.py"))
}
# Packages of the extras and of the benchmarks: who has not installed them misses what needs them, and nothing else.
OPTIONAL = {"matplotlib", "orbax", "tensorboard", "latex2mathml", "shtab", "torch", "equinox", "flax", "chex"}
# module: what it may import inside a function, and why
REASONS = {
    "functional_bp.commands.": ("", "`functional-bp --help` answers without waiting for JAX"),
    "functional_bp.runs.scaling": ("", "it has options of commands, and is imported for their help"),
    "functional_bp.__main__": ("functional_bp.cli", "Ctrl-C is to end the command while it is imported"),
    "functional_bp.checking.verdict.kinks": ("scipy.optimize", "0.7 s to import, needed at few kinks"),
    "functional_bp.training.saving.stores": (
        "functional_bp.training.saving.shards",
        "it needs orbax, of an extra",
    ),
    "functional_bp.runs.showing": ("tqdm.notebook", "it warns where no widgets are installed"),
    "functional_bp.runs.loading": (
        "functional_bp.runs.notebook",
        "who loads a network needs no pictures",
    ),
    "functional_bp.jacobians.base": (
        "functional_bp.jacobians.",
        "a product, a sum, a transpose of Jacobians is a Jacobian of another class, which is a subclass",
    ),
    "derivations": ("derivations.engine.emission", "`emit` needs JAX; nothing else there does"),
}


def imports_of(source: str, known: set[str]) -> tuple[set[str], set[str]]:
    """The project's modules that are imported at the top, and anything that is imported inside a function."""
    top, local = set(), set()

    def visit(node: ast.AST, found: set[str]) -> None:
        match node:
            case ast.If(test=test, orelse=rest) if ast.unparse(test).endswith("TYPE_CHECKING"):
                for child in rest:
                    visit(child, found)
                return
            case ast.ImportFrom(module=module, level=level, names=names):
                assert level == 0, "a relative import"
                found.update(full if (full := f"{module}.{a.name}") in known else module for a in names)
            case ast.Import(names=names):
                found.update(a.name for a in names)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                found = local
        for child in ast.iter_child_nodes(node):
            visit(child, found)

    visit(ast.parse(source), top)
    return top & known, local


IMPORTS = {name: imports_of(path.read_text(), set(PATHS)) for name, path in PATHS.items()}


def test_nothing_is_imported_in_a_circle():
    graph = {name: top for name, (top, _) in IMPORTS.items()}
    assert len(graph) > 250
    assert graph["derivations.softmax"]
    TopologicalSorter(graph).prepare()


def test_circles_are_found():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()


def allowed(module: str, imported: str) -> bool:
    return any(is_at(where, module) and imported.startswith(what) for where, (what, _) in REASONS.items())


def is_at(where: str, module: str) -> bool:
    return module.startswith(where) if where.endswith(".") else module == where


def test_nothing_is_imported_inside_a_function_without_a_reason():
    found = [
        f"{module} imports {name}"
        for module, (_, local) in IMPORTS.items()
        for name in sorted(local)
        if name.split(".")[0] not in OPTIONAL and not allowed(module, name)
    ]
    assert found == []


def test_every_reason_is_needed():
    for where, (what, _) in REASONS.items():
        assert any(is_at(where, m) and n.startswith(what) for m, (_, local) in IMPORTS.items() for n in local)


def test_what_is_optional_is_not_required():
    required = {
        line.split(">")[0] for line in metadata("functional-bp").get_all("Requires-Dist") if "extra" not in line
    }
    assert "sympy" in required
    assert required.isdisjoint(OPTIONAL)


def test_imports_in_functions_are_found():
    source = "from x import y\ndef f():\n    import z\nif TYPE_CHECKING:\n    import w\nelse:\n    import v"
    assert imports_of(source, {"x.y", "v", "w"}) == ({"x.y", "v"}, {"z"})
    assert imports_of("class C:\n    async def f(self):\n        from a.b import c", set()) == (set(), {"a.b"})

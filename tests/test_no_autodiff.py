"""The library differentiates by its own Jacobians: no module outside the checker and interop uses JAX's autodiff.

The walk reads syntax trees. It follows names through imports and plain assignments, and counts a mention as a use.
"""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "functional_bp"
MODULES = sorted(LIBRARY.rglob("*.py"))

ROOTS = {"jax", "optax"}
TRANSFORMATIONS = {
    *("grad", "value_and_grad", "vjp", "jvp", "fwd_and_bwd", "linearize", "jacrev", "jacfwd", "jacobian", "hessian"),
    *("custom_vjp", "custom_jvp", "custom_gradient", "defvjp", "defjvp", "jet", "value_and_grad_from_state"),
    *("ad", "custom_derivatives", "_src"),  # modules
}


def name_of(path: Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


def may_differentiate(path: Path) -> bool:
    return name_of(path).startswith(("checking/", "interop.py"))


def uses_of_autodiff(source: str) -> list[str]:
    """Each mention of JAX's autodiff, as "line: what"."""
    tree = ast.parse(source)
    names = imported_names(tree)
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=aliases, level=0) if root(module) in ROOTS:
                what = [f"{module}.{alias.name}" for alias in aliases]
                found += [(node, path) for path in what if is_autodiff(path) or path.endswith(".*")]
            case ast.Import(names=aliases):
                found += [(node, alias.name) for alias in aliases if is_autodiff(alias.name)]
            case ast.Attribute() | ast.Name():
                path = resolved(node, names)
                if path and is_autodiff(path):
                    found.append((node, path))
            case ast.Call(func=ast.Name(id="getattr" | "vars" as function), args=[owner, *key]):
                path, attribute = resolved(owner, names), constant(*key)
                unknown = attribute is None and root(path or "") == "jax"
                if path and (unknown or is_autodiff(f"{path}.{attribute}")):
                    found.append((node, f"{function} of {path}"))
            case ast.Call(func=function, args=[module, *_]) if last_name(function) in ("import_module", "__import__"):
                if root(constant(module) or "") in ROOTS:
                    found.append((node, f"import of {constant(module)} by a string"))
            case ast.Call(func=ast.Name(id="eval" | "exec" as function)):
                found.append((node, function))
            case ast.Subscript(slice=ast.Constant(value=str(key))) if root(key) in ROOTS:
                found.append((node, f"module by subscript {key}"))
    return [f"{node.lineno}: {what}" for node, what in found]


def imported_names(tree: ast.Module) -> dict[str, str]:
    """What each name stands for, as a dotted path: `import jax as j` gives j = jax."""
    names: dict[str, str] = {}
    for node in sorted((n for n in ast.walk(tree) if isinstance(n, ast.stmt)), key=lambda n: n.lineno):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    names[alias.asname or root(alias.name)] = alias.name if alias.asname else root(alias.name)
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                names.update({alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases})
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if path := resolved(value, names):
                names[name] = path
    return names


def resolved(node: ast.AST, names: dict[str, str]) -> str | None:
    match node:
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=owner, attr=attribute) if path := resolved(owner, names):
            return f"{path}.{attribute}"
    return None


def is_autodiff(path: str) -> bool:
    first, *rest = path.split(".")
    return first in ROOTS and not TRANSFORMATIONS.isdisjoint(rest)


def root(path: str) -> str:
    return path.split(".")[0]


def constant(node: ast.AST | None = None, *_: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def last_name(node: ast.AST) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


@pytest.mark.parametrize("path", [path for path in MODULES if not may_differentiate(path)], ids=name_of)
def test_the_library_does_not_use_autodiff(path):
    assert uses_of_autodiff(path.read_text()) == []


def test_the_walk_finds_what_interop_and_the_checker_do_use():
    """They are exempt because they need it; a blind walk would find nothing there either."""
    sources = {path: path.read_text() for path in MODULES if may_differentiate(path)}
    assert uses_of_autodiff(sources.pop(LIBRARY / "interop.py"))
    assert any(map(uses_of_autodiff, sources.values()))


@pytest.mark.parametrize(
    "source",
    [
        "import jax\ng = jax.grad(f)",
        "import jax\nfunctions = [jax.vjp]",
        "import jax as j\nj.value_and_grad(f)",
        "from jax import grad",
        "from jax import jacrev as matrix\nmatrix(f)",
        "from jax import *",
        "import jax\ndef f():\n    @jax.custom_vjp\n    def g(x):\n        return x",
        "import jax\na = jax\nb = a\nb.hessian(f)",
        "import jax\ngetattr(jax, 'gr' + 'ad')(f)",
        "import jax\ngetattr(jax, 'linearize')(f)",
        "import jax\nvars(jax)['jvp']",
        "from jax.interpreters import ad",
        "import jax.interpreters.ad as rules",
        "from jax.experimental import jet",
        "from jax._src import api",
        "import jax\njax.interpreters.ad.primitive_jvps",
        "import importlib\nimportlib.import_module('jax').grad(f)",
        "__import__('jax').grad(f)",
        "import sys\nsys.modules['jax'].grad(f)",
        "eval('jax.grad')",
        "import optax\noptax.value_and_grad_from_state(f)",
    ],
)
def test_a_planted_use_is_found(source):
    assert uses_of_autodiff(source)


@pytest.mark.parametrize(
    "source",
    [
        "import jax\njax.linear_transpose(f, x)",
        "import jax\njax.vmap(jax.jit(f))",
        "from functional_bp.networks import value_and_grad\nvalue_and_grad(network, kl)",
        "class J:\n    def jvp(self, z_dot):\n        return self.jvp(z_dot)",
        "def test(J):\n    grad = J.jvp(1)\n    return grad",
        "import jax\nname = getattr(J, 'jvp')\nleaf = getattr(jax, 'vmap')",
        "import jax.numpy as jnp\njnp.gradient(x)",
        "import optax\ngetattr(optax, name)",
        "from importlib import import_module\nimport_module(home)",
    ],
)
def test_an_innocent_source_is_not(source):
    assert uses_of_autodiff(source) == []

"""The checker's rooms: no file imports in a circle, no room looks up into a later one."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import functional_bp

ROOT = Path(functional_bp.__file__).parent / "checking"
ROOMS = (
    "limits",
    "kinds",
    "document",
    "report",
    "question",
    "program",
    "truth",
    "verdict",
    "causes",
)  # each knows those before it


def imported(path):
    """The modules of the checker that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functional_bp.checking"):
            name = node.module.removeprefix("functional_bp.checking").lstrip(".")
            names = [f"{name}.{alias.name}".lstrip(".") for alias in node.names]
            found |= {module if module in MODULES else name for module in names}
    return found - {""}


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def test_nothing_is_imported_in_a_circle():
    graph = {name: imported(path) for name, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 50
    TopologicalSorter(graph).prepare()
    with pytest.raises(CycleError):
        TopologicalSorter({**graph, "question.problem": {"examination"}}).prepare()


def test_no_room_looks_up():
    for name, path in MODULES.items():
        room = name.partition(".")[0]
        if room in ROOMS:
            above = {other for other in imported(path) if other.partition(".")[0] in ROOMS[ROOMS.index(room) + 1 :]}
            outside = {other for other in imported(path) if other.partition(".")[0] not in (*ROOMS, "catalogue")}
            assert not above | outside, f"{name} imports {above | outside}"


def test_no_file_is_long_and_none_imports_inside_a_function_without_a_reason():
    for path in MODULES.values():
        source = path.read_text()
        assert len(source.splitlines()) <= 400
        for line in source.splitlines():
            if line.startswith("    ") and line.lstrip().startswith(("import ", "from ")) and " import " in line:
                assert "#" in line, f"{path}: {line.strip()}"

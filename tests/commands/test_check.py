"""`functional-bp check`: a user's file, its faults, its exit codes; and the library's own rules."""

import json
import subprocess
import sys

import pytest

from functional_bp.cli import main

GOOD = """
import jax, jax.numpy as jnp
print("the file speaks")
@jax.custom_vjp
def square(x):
    return x * x
square.defvjp(lambda x: (x * x, x), lambda x, g: (2 * x * g,))
def example_inputs():
    return jnp.linspace(-1.0, 2.0, 5)
"""
BAD = """
import jax.numpy as jnp
def cube_forward(x, n):
    return x**3
def cube_backward(primals, y_bar):
    return 3 * y_bar * primals[0], None
def forward(x):
    return jnp.sin(x)
def backward(primals, y_bar):
    return (jnp.cos(primals[0]) * y_bar,)
def example_inputs():
    x = jnp.linspace(-1.0, 2.0, 5)
    return {"cube": (x, jnp.arange(5)), "backward": (x,)}
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="rules.py"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def test_a_right_file_exits_with_0(write, capsys):
    assert main(["check", write(GOOD)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("square: right")
    assert "speaks" not in out


def test_a_wrong_one_exits_with_1_and_says_why(write, capsys):
    path = write(BAD)
    assert main(["check", path]) == 1
    out = capsys.readouterr().out
    assert "cube: WRONG" in out
    assert "the factor `x` is missing" in out
    assert "backward: right" in out
    assert main(["check", f"{path}:backward"]) == 0


def test_json_is_json_alone(write, capsys):
    assert main(["check", write(BAD), "--json"]) == 1
    read = json.loads(capsys.readouterr().out)
    assert read["rules"]["backward"]["ok"] is True
    assert read["rules"]["cube"]["diagnoses"]["x"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "no backward pass found"),
        ("import nowhere_to_be_found", "the file itself raised ModuleNotFoundError"),
        ("raise SystemExit(0)", "the file itself raised SystemExit"),
        ("def (", "SyntaxError"),
        (GOOD.replace("example_inputs", "inputs"), r"example_inputs\(\) is missing"),
        (GOOD.replace("return jnp.linspace(-1.0, 2.0, 5)", "return 1 / 0"), "raised ZeroDivisionError"),
        (GOOD.replace("jnp.linspace(-1.0, 2.0, 5)", "jnp.arange(3)"), "no primal is a float array"),
        (GOOD.replace("return jnp.linspace(-1.0, 2.0, 5)", "raise SystemExit(7)"), "raised SystemExit: 7"),
        (BAD.replace('"cube"', '"other"'), "no entry 'cube'"),
    ],
)
def test_what_cannot_be_checked_exits_with_2(write, capsys, text, words):
    import re

    assert main(["check", write(text)]) == 2
    captured = capsys.readouterr()
    assert re.search(words, captured.err)
    assert len(captured.err.splitlines()) == 1


def test_a_file_runs_as_a_program_does(write, capsys, monkeypatch):
    """With what lies beside it, whatever it prints, a jit around its rule, and a colon in its name."""
    monkeypatch.setattr("sys.path", sys.path[:])
    write("import jax\nsquare = lambda x: x * x\n", "beside_the_rules.py")
    text = "import beside_the_rules" + GOOD
    text = text.replace("return x * x", "return beside_the_rules.square(x)").replace("@jax", "@jax.jit\n@jax")
    text = text.replace("square.defvjp", "square.__wrapped__.defvjp").replace(
        "(2 * x * g,)", "(print(g), 2 * x * g)[1:]"
    )
    assert main(["check", write(text, "a:b.py"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"]["square"]["ok"] is True


def test_a_missing_file_or_name_exits_with_2(write, capsys):
    assert main(["check", "nowhere.py"]) == 2
    assert main(["check", write("", "notes.txt")]) == 2
    assert main(["check", write(GOOD, "other.py") + ":cube"]) == 2
    assert "no backward pass called 'cube'; found: square" in capsys.readouterr().err


def test_several_files_and_a_directory(write, capsys, tmp_path):
    write(GOOD, "a.py"), write(BAD, "b.py"), write("raise KeyError", "c.py"), write("x = 1", "not_meant.py")
    assert main(["check", str(tmp_path / "a.py"), str(tmp_path / "b.py")]) == 1
    out = capsys.readouterr().out
    assert "a.py:square: right" in out
    assert "b.py:cube: WRONG" in out
    assert main(["check", str(tmp_path)]) == 1
    assert "not_meant" not in capsys.readouterr().err
    assert main(["check", str(tmp_path / "a.py"), str(tmp_path / "c.py")]) == 2
    assert "raised KeyError" in capsys.readouterr().err


def test_an_endless_loop_and_an_exit_have_a_verdict(write, capsys):
    endless = GOOD.replace("(2 * x * g,)", "next(n for n in iter(int, 1) if n)")
    assert main(["check", write(endless), "--timeout", "1"]) == 2
    assert "no answer within 1 s" in capsys.readouterr().err
    leaving = GOOD.replace("    return x * x", "    raise SystemExit(0)")
    assert main(["check", write(leaving, "leaving.py")]) == 2
    assert "SystemExit in the forward" in capsys.readouterr().err
    assert main(["check", write("class E(BaseException): ...\nraise E", "base.py")]) == 2


def test_ctrl_c_says_what_was_finished(write, capsys):
    interrupted = BAD.replace("return (jnp.cos(primals[0]) * y_bar,)", "raise KeyboardInterrupt")
    assert main(["check", write(interrupted)]) == 130
    captured = capsys.readouterr()
    assert "cube: WRONG" in captured.out
    assert "interrupted: 1 checked" in captured.err


def test_written_for_the_given_shapes_has_an_exit_code_of_its_own(write):
    fixed = GOOD.replace("(2 * x * g,)", "((2 * x * g).reshape(5),)")
    assert main(["check", write(fixed)]) == 3
    assert main(["check", write(fixed), "--shapes", "given"]) == 0


def test_without_a_file_the_library_checks_itself(monkeypatch, capsys):
    from functional_bp.checking import catalogue

    monkeypatch.setattr(catalogue, "CATALOGUE", catalogue.CATALOGUE[:2])
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "2 rules checked, 0 wrong\n"


def test_a_proof_stands_beside_the_check(write, capsys):
    assert main(["check", write(GOOD), "--prove"]) == 0
    assert "square: proven for all n ≥ 1 over the real numbers" in capsys.readouterr().out
    assert main(["check", write(BAD, "bad.py"), "--prove", "--json"]) == 1
    proofs = json.loads(capsys.readouterr().out)["proofs"]
    assert proofs["backward"]["proven"]
    assert proofs["cube"]["arguments"]["x"]["status"] == "refuted"


def test_certificates_of_proofs_are_saved_and_follow(write, tmp_path, capsys):
    saved = tmp_path / "proofs.json"
    assert main(["check", write(GOOD), "--prove", "--certificate", str(saved)]) == 0
    capsys.readouterr()
    assert main(["recheck", str(saved)]) == 0
    assert "square: x, part 1: follows from its axioms" in capsys.readouterr().out


HOMEWORK = """
import numpy as np
def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out, x
def relu_backward(dout, cache):
    dx = dout.copy()
    dx[cache <= 0] = 0
    return dx
def affine_forward(x, w, b, param):
    return x.reshape(len(x), -1) @ w * param["scale"] + b, (x, w, param["scale"])
def affine_backward(dout, cache):
    x, w, scale = cache
    return scale * dout @ w.T, x.T @ dout, dout.sum(axis=0)
def example_inputs():
    x = np.random.default_rng(0).standard_normal((3, 4))
    return {"relu": x, "affine": (x, x.T, np.ones(3), {"scale": np.float32(2)})}
"""


def test_homework_is_recognised(write, capsys):
    """`out, cache = f_forward(…)` and `f_backward(dout, cache)`, in NumPy; what has no cotangent is a constant."""
    assert main(["check", write(HOMEWORK)]) == 1
    captured = capsys.readouterr()
    assert "relu: right" in captured.out
    assert "affine: WRONG" in captured.out
    assert "w (primal 1)" in captured.out
    assert "right: x, b" in captured.out
    assert "2 of 2: affine" in captured.err


def test_what_a_factory_makes_is_found_where_the_inputs_call_it(write, capsys):
    made = GOOD.replace("@jax", "def make():\n  @jax").replace("\ndef square", "\n  def square")
    made = made.replace("    return x * x", "    return x * x\n").replace("    return x * x\n", "      return x * x\n")
    made = made.replace("\nsquare.defvjp", "\n  square.defvjp").replace("def example", "  return square\ndef example")
    made = made.replace("    return jnp.linspace(-1.0, 2.0, 5)", "    make()(jnp.linspace(-1.0, 2.0, 5))")
    assert main(["check", write(made)]) == 0
    assert "square: right" in capsys.readouterr().out


def test_halves_beside_their_primal_are_found(write, capsys):
    halves = "def cube(x): return x**3\ndef cube_fwd(x): return x**3, x\ndef cube_bwd(x, g): return (2 * x**2 * g,)\n"
    assert main(["check", write(halves + "import numpy as np\ndef example_inputs(): return np.ones(3)")]) == 1
    assert "cube: WRONG" in capsys.readouterr().out


@pytest.mark.slow
def test_compiled_code_that_never_returns_has_a_verdict(write):
    """It can't be interrupted: the process ends, and what was finished is shown."""
    endless = BAD.replace(
        "jnp.cos(primals[0]) * y_bar,", "jax.lax.while_loop(lambda x: x[0] < 1, lambda x: 0 * x - 1, 0 * y_bar - 1),"
    )
    command = [sys.executable, "-m", "functional_bp.cli", "check", write("import jax" + endless), "--timeout", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "cube: WRONG" in done.stdout
    assert "backward: could not be checked: no answer within 3 s" in done.stderr

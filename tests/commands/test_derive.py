"""functional-bp derive: what it prints, and what it refuses."""

import pytest

from derivations.registry import derivations
from functional_bp import cli


def test_a_derivation_is_printed_with_its_outcome(capsys):
    assert cli.main(["derive", "softmax.vjp"]) == 0
    out = capsys.readouterr().out
    assert "∂y_j/∂z_i = Σ_j y_j" in out
    assert "the Jacobian of softmax" in out
    assert "contract δ_ij" in out
    assert "proven for arbitrary dimension" in out


def test_a_file_prints_what_it_is_about_and_all_that_is_in_it(capsys):
    assert cli.main(["derive", "affine"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Affine layers: z_i = Σ_j W_ij y_j + b_i")
    for name in derivations():
        assert (f"\n{name}\n" in f"\n{out}") == name.startswith("affine.")


def test_the_kink_is_shown(capsys):
    cli.main(["derive", "relu"])
    out = capsys.readouterr().out
    assert "at x = 0 the Clarke interval is [0, 1]" in out
    assert "≠ 0" in out or "Ne(" in out


def test_latex(capsys):
    assert cli.main(["derive", "affine", "--latex"]) == 0
    out = capsys.readouterr().out
    assert out.count(r"\begin{aligned}") == len([name for name in derivations() if name.split(".")[0] == "affine"])


def test_the_list_has_every_derivation_on_a_line(capsys):
    assert cli.main(["derive", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(derivations())


@pytest.mark.parametrize("arguments", [["derive", "softmux"], ["derive"]])
def test_what_is_not_there_is_refused_in_one_line(arguments, capsys):
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "softmux" in captured.err or "--list" in captured.err


FORWARD = """
import jax.numpy as jnp
def layer_forward(W, x):
    h = x @ W
    return jnp.tanh(h)
def example_inputs():
    return jnp.ones((3, 4)), jnp.ones((2, 3))
"""


def test_the_backward_pass_of_a_file_is_derived_and_written(tmp_path, capsys):
    path, out = tmp_path / "layer.py", tmp_path / "out.py"
    path.write_text(FORWARD)
    assert cli.main(["derive", f"{path}:layer_forward", "--emit", str(out)]) == 0
    assert "layer_backward: proven for all n, m, p ≥ 1" in capsys.readouterr().out
    assert "W_bar = x.T @ h_bar" in out.read_text()
    assert cli.main(["derive", f"{path}:other"]) == 2
    assert "no function 'other'" in capsys.readouterr().err

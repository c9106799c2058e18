"""Regression, tables and class weights by the command, end to end; judged by NumPy and by hand."""

import csv
import io
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp.cli import main
from functional_bp.runs.regression import r2
from functional_bp.runs.weights import Weighted, class_weights


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def houses(path, n=400, seed=0):
    rng = np.random.default_rng(seed)
    size, rooms = rng.uniform(0, 2, n), rng.uniform(1, 6, n)
    price = 200_000 + 50_000 * size + 10_000 * rooms
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("size", "price", "rooms"), *zip(size, price, rooms, strict=True)])
    return np.column_stack([size, rooms]), price


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("houses")
    houses(folder / "houses.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        what = ["--task", "regression", "--data", str(folder / "houses.csv"), "--target", "price"]
        how = ["--hidden", "16", "--rate", "0.01", "--epochs", "30", "--validation", "0.2"]
        assert main(["train", *what, *how, "--json", "--out", str(folder / "run")]) == 0
    return folder / "run"


def test_a_regression_learns_prices_and_says_so(run, capsys, tmp_path):
    trained = bp.load(run)
    assert trained.result["test_r2"] > 0.95
    assert trained.facts.columns == ("size", "rooms")
    x, price = houses(tmp_path / "other.csv", 50, seed=1)
    y = trained.predict(x)
    np.testing.assert_allclose(y[:, 0], price, rtol=0.15)
    assert main(["evaluate", str(run)]) == 0
    assert f"test R² {trained.result['test_r2']:.4f}" in capsys.readouterr().out
    assert main(["evaluate", str(run), "--data", str(tmp_path / "other.csv"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(found["test_error"], np.mean((y[:, 0] - price) ** 2), rtol=1e-4)
    np.testing.assert_allclose(found["test_r2"], 1 - np.mean((y[:, 0] - price) ** 2) / price.var(), rtol=1e-4)


def test_predictions_of_a_table_are_by_the_names_of_its_columns(run, capsys, tmp_path):
    (tmp_path / "new.csv").write_text("rooms,size\n3,1.5\n2,0.25\n")
    assert main(["predict", str(run), str(tmp_path / "new.csv")]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["row", "price"]
    expected = bp.load(run).predict(np.array([[1.5, 3], [0.25, 2]]))
    np.testing.assert_allclose([float(row[1]) for row in rows[1:]], expected[:, 0], rtol=1e-5)
    (tmp_path / "less.csv").write_text("rooms\n3\n")
    assert "the column size is missing" in refused(capsys, "predict", run, tmp_path / "less.csv")
    assert main(["predict", str(run), str(tmp_path / "new.csv"), "--out", str(tmp_path / "found.npz")]) == 0
    np.testing.assert_allclose(np.load(tmp_path / "found.npz")["numbers"], expected, rtol=1e-6)


def test_a_regression_says_in_a_line_what_it_cannot_use(capsys, tmp_path):
    np.savez(tmp_path / "constant.npz", x=np.eye(8), y=np.ones(8))
    np.savez(tmp_path / "text.npz", x=np.eye(8), y=np.array(list("abcdefgh")))
    np.savez(tmp_path / "bad.npz", x=np.eye(8), y=[1, 2, 3, np.nan, 5, 6, 7, 8])
    task = ["train", "--task", "regression", "--out", tmp_path / "run"]
    assert "all targets are 1" in refused(capsys, *task, "--data", tmp_path / "constant.npz")
    assert "learns numbers" in refused(capsys, *task, "--data", tmp_path / "text.npz")
    assert "row 3 is nan" in refused(capsys, *task, "--data", tmp_path / "bad.npz")
    assert "give --data" in refused(capsys, *task)
    assert "unknown --error" in refused(capsys, *task, "--data", tmp_path / "bad.npz", "--error", "cubic")
    assert "has none" in refused(capsys, *task, "--data", tmp_path / "bad.npz", "--class-weights", "balanced")
    assert not (tmp_path / "run").exists()


def test_r2_is_that_of_the_formula():
    d = np.array([[1.0], [2.0], [4.0]])
    assert r2(d, d) == 1
    assert r2(np.full((3, 1), d.mean()), d) == 0
    np.testing.assert_allclose(r2(np.array([[1.0], [2.0], [3.0]]), d), 1 - 1 / (42 / 9))


def test_weights_of_classes_are_those_of_the_formula():
    assert class_weights("balanced", np.array([0, 0, 0, 1]), 2) == (4 / 6, 4 / 2)
    assert class_weights("1,2.5", np.array([0, 1]), 2) == (1.0, 2.5)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.usefixtures("float64")
def test_a_weighted_divergence_and_its_row_are_the_weight_times_those_without(outputs):
    weights = (0.5, 2.0) if outputs == 1 else (0.5, 2.0, 3.0)
    rule = bp.sigmoid_binary_nll if outputs == 1 else bp.softmax_nll
    z = jax.random.normal(jax.random.key(0), (4, outputs))
    labels = jnp.array([1, 0, 1, 0] if outputs == 1 else [1, 0, 2, 1])
    d = labels[:, None].astype(z.dtype) if outputs == 1 else jax.nn.one_hot(labels, 3, dtype=z.dtype)
    D, J = Weighted(rule, weights)(z, d)
    plain, _ = rule(z, d)
    np.testing.assert_allclose(D, np.array(weights)[labels] * plain)
    np.testing.assert_allclose(J.to_dense(), jax.jacrev(lambda z: Weighted(rule, weights)(z, d)[0].sum())(z))


def test_balanced_weights_find_the_rare_class(tmp_path, capsys):
    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.05).astype(int)
    x = rng.normal(0, 1, (600, 2)) + 1.5 * y[:, None]
    np.savez(tmp_path / "rare.npz", x=x, y=y)
    found = {}
    for weights in (None, "balanced"):
        options = ["--class-weights", weights] if weights else []
        what = ["train", "--data", str(tmp_path / "rare.npz"), "--hidden", "", "--rate", "0.05", "--epochs", "20"]
        assert main([*what, *options, "--json", "--out", str(tmp_path / f"{weights}")]) == 0
        confusion = json.loads(capsys.readouterr().out)["confusion"]
        found[weights] = confusion[1][1] / sum(confusion[1])
    assert found["balanced"] > found[None] + 0.2
    assert 'must be "balanced" or 2 numbers' in refused(
        capsys, *what, "--class-weights", "1,2,3", "--out", tmp_path / "x"
    )


def test_control_characters_of_names_do_not_reach_the_terminal(tmp_path, capsys):
    np.savez(tmp_path / "odd.npz", x=np.eye(8), y=np.array(["a\x1b[31m", "b"])[np.arange(8) % 2])
    assert main(["train", "--data", str(tmp_path / "odd.npz"), "--epochs", "1", "--out", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "a\\x1b[31m" in out

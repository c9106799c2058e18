"""`functional-bp predict`, `evaluate --data`, `summary` and `functional_bp.load`: a run used where its data is not."""

import csv
import io
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp.cli import main
from functional_bp.errors import InputError
from functional_bp.training import digits

NAMES = np.array(["ant", "bee", "cat"])


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def instances(n, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, n)
    return np.clip(random.normal(60 + 60 * labels[:, None], 25, (n, 6)), 0, 255).astype(np.int64), labels


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    x, labels = instances(300)
    np.savez(folder / "data.npz", X=x, target=NAMES[labels])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        options = ["--data", str(folder / "data.npz"), "--hidden", "8", "--rate", "0.01", "--json"]
        assert main(["train", *options, "--out", str(folder / "run")]) == 0
    (folder / "data.npz").unlink()
    return folder / "run"


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_load_is_the_network_as_it_was_trained(run):
    trained = bp.load(run)
    x, labels = instances(50, seed=1)
    z, J = trained.network.apply(trained.params, jnp.float32(trained.facts.scale) * x.astype(np.float32))
    p = trained.probabilities(x)
    np.testing.assert_allclose(p, jax.nn.softmax(z), rtol=1e-5)
    assert J.factors
    assert (np.asarray(p).argmax(1) == labels).mean() > 0.8
    assert trained.facts.classes == tuple(NAMES)
    assert trained.config.hidden == (8,)
    assert trained.result["test_accuracy"] > 0.8


@pytest.mark.parametrize("form", ["x.npy", "parts.npz", "labelled.npz"])
def test_predict(run, tmp_path, capsys, form):
    x, labels = instances(20, seed=2)
    path, part = tmp_path / form, []
    if form == "x.npy":
        np.save(path, x.astype(np.uint8))
    elif form == "labelled.npz":
        np.savez(path, x_test=x, y_test=labels, x_train=x[:3], y_train=labels[:3])
    else:
        np.savez(path, x_val=x, x_train=x[:3])
        assert "found validation, train; --part says which is meant" in refused(capsys, "predict", run, path)
        part = ["--part", "validation"]
    expected = np.asarray(bp.load(run).probabilities(x))
    assert main(["predict", str(run), str(path), *part]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["class"] for row in rows] == list(NAMES[expected.argmax(1)])
    assert [int(row["row"]) for row in rows] == list(range(20))
    found = np.array([[float(row[name]) for name in NAMES] for row in rows])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    for ending in ("csv", "npz"):
        assert main(["predict", str(run), str(path), *part, "--out", str(tmp_path / f"out.{ending}")]) == 0
    assert list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines())) == rows
    with np.load(tmp_path / "out.npz") as file:
        assert (file["classes"] == NAMES[expected.argmax(1)]).all()
        np.testing.assert_allclose(file["probabilities"], expected, atol=1e-6)


def test_two_classes_have_two_probabilities(tmp_path, capsys):
    assert main(["train", "--task", "two", "--epochs", "3", "--json", "--out", str(tmp_path / "run")]) == 0
    result = json.loads(capsys.readouterr().out)
    data = digits()
    np.savez(tmp_path / "digits.npz", x=data.x, y=data.labels)
    p = np.asarray(bp.load(tmp_path / "run").probabilities(data.x))
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-6)
    assert main(["evaluate", str(tmp_path / "run"), "--data", str(tmp_path / "digits.npz"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["test_accuracy"] == ((p[:, 1] > 0.5) == (data.labels == 2)).mean()
    counts = np.array(found["confusion"])
    assert counts.sum() == 1797
    assert counts.sum(1)[1] == (data.labels == 2).sum()
    expected = (1347 * result["train_accuracy"] + 450 * result["test_accuracy"]) / 1797
    assert found["test_accuracy"] == pytest.approx(expected)


def test_evaluate_on_other_data(run, tmp_path, capsys):
    x, labels = instances(40, seed=3)
    np.savez(tmp_path / "other.npz", x=x, y=NAMES[labels])
    assert main(["evaluate", str(run), "--data", str(tmp_path / "other.npz"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    predicted = np.asarray(bp.load(run).probabilities(x)).argmax(1)
    assert found["test_accuracy"] == (predicted == labels).mean()
    assert found["confusion"] == [[int(((labels == i) & (predicted == j)).sum()) for j in range(3)] for i in range(3)]
    assert main(["evaluate", str(run), "--data", str(tmp_path / "other.npz")]) == 0
    assert f"test accuracy  {found['test_accuracy']:.4f}" in capsys.readouterr().out


def test_what_does_not_fit_the_network(run, tmp_path, capsys):
    x, labels = instances(40, seed=3)
    np.savez(tmp_path / "wide.npz", x=np.ones((4, 7)), y=NAMES[labels[:4]])
    np.savez(tmp_path / "dogs.npz", x=x[:2], y=np.array(["ant", "dog"]))
    np.savez(tmp_path / "nan.npz", x=np.full((4, 6), np.nan))
    np.savez(tmp_path / "none.npz", note=x)
    for command in (["predict", run], ["evaluate", run, "--data"]):
        said = refused(capsys, *command, tmp_path / "wide.npz")
        assert "an instance has 7 numbers, the network takes 6" in said
    assert "row 1 has dog, the network knows ant, bee, cat" in refused(
        capsys, "evaluate", run, "--data", tmp_path / "dogs.npz"
    )
    assert "every number must be finite" in refused(capsys, "predict", run, tmp_path / "nan.npz")
    assert "found no instances" in refused(capsys, "predict", run, tmp_path / "none.npz")
    assert "--out must be a .csv or .npz" in refused(capsys, "predict", run, tmp_path / "wide.npz", "--out", "x.txt")
    assert "expected a part dev" in refused(capsys, "predict", run, tmp_path / "wide.npz", "--part", "dev")
    assert "--part needs --data" in refused(capsys, "evaluate", run, "--part", "test")
    with pytest.raises(InputError, match="there is no such folder"):
        bp.load(tmp_path / "nowhere")


def test_summary(run, capsys):
    network = bp.chain(bp.affine_layer(64, 32), bp.relu, bp.affine_layer(32, 10))
    found = bp.summary(network, 64)
    assert [row.parameters for row in found.rows] == [64 * 32 + 32, 0, 32 * 10 + 10]
    assert [row.shape for row in found.rows] == [(32,), (32,), (10,)]
    params = network.init(jax.random.key(0))
    _, J = network.apply(params, jnp.ones(64))
    assert found.jacobian >= sum(leaf.nbytes for leaf in jax.tree.leaves(J)) > 0
    assert str(found).splitlines()[-1].split()[:2] == ["together", "2,410"]
    assert main(["summary", str(run)]) == 0
    assert "affine(6→8)" in (said := capsys.readouterr().out)
    assert said.endswith("classes: ant, bee, cat\n")


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"functional-bp {bp.__version__}\n"

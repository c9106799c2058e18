"""Run by test_sharding.py with eight virtual devices: what lies on many is saved, measured and read as it lies."""

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import functional_bp as bp
from functional_bp.cli import main
from functional_bp.runs.config import Config
from functional_bp.runs.experiment import experiment
from functional_bp.runs.run_folder import RunFolder
from functional_bp.training.devices.sharding import LAYOUTS, Layout, layout
from functional_bp.training.loop import fit
from functional_bp.training.measures import evaluation
from functional_bp.training.precision import value_and_grad_in
from functional_bp.training.saving.archive import named_leaves
from functional_bp.training.saving.checkpoints import plain, remove
from functional_bp.training.saving.shards import checksums, sums
from functional_bp.training.saving.stores import store
from functional_bp.training.step import start

NETWORK = bp.chain(bp.affine_layer(16, 32), bp.relu, bp.affine_layer(32, 24), bp.tanh, bp.affine_layer(24, 10))
ADAM = optax.adam(0.01)
TRAIN = "--hidden 32,16 --batch 64 --steps 24 --report-every 6 --checkpoint-every 5 --keep 9 --optimizer sgd --rate 0.1"
TRAIN += " --validation 0.2 --patience 9 --verify-every 10"


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """The commands keep compiled programs in the user's cache folder; the tests share one of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def nothing_is_gathered(monkeypatch):
    def refuse(layout, tree):
        raise AssertionError("gathered")

    monkeypatch.setattr(Layout, "gather", refuse)


def assert_equal(ours, expected):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_what_eight_devices_save_any_others_read(tmp_path, nothing_is_gathered):
    state, shards = plain(layout("full", 8).start(NETWORK, ADAM, seed=0)), store("orbax")
    shards.save(tmp_path / "a.orbax", state)
    shards.wait()
    shapes = jax.eval_shape(lambda: plain(start(NETWORK, ADAM, seed=0)))
    assert_equal(shards.open(tmp_path / "a.orbax").read(shapes), state)
    for name in LAYOUTS:
        for devices in (8, 2):
            like = layout(name, devices).shapes(shapes, ADAM)
            found = shards.open(tmp_path / "a.orbax").read(like)
            assert_equal(found, state)
            for leaf, shape in zip(jax.tree.leaves(found), jax.tree.leaves(like), strict=True):
                assert leaf.sharding == shape.sharding


def test_checksums_are_found_where_the_array_lies():
    whole = named_leaves(plain(start(NETWORK, ADAM, seed=0)))
    whole |= {"wide": jnp.arange(24), "half": jnp.ones((8, 3), jnp.bfloat16), "bits": jnp.ones(5, bool)}
    expected = checksums(whole)
    assert len({tuple(checksum) for checksum in expected.values()}) >= 8
    for name in ("full", "tensor"):
        placed = named_leaves(plain(layout(name, 8).start(NETWORK, ADAM, seed=0)))
        assert checksums(placed) == {name: expected[name] for name in placed}
        assert "all-gather" not in sums.lower(placed).compile().as_text()
    with jax.enable_x64(True):
        pi = jnp.full((16,), np.pi)
        other = jnp.asarray(np.nextafter(np.asarray(pi), 4))
        assert checksums({"a": pi})["a"] != checksums({"a": other})["a"]


def test_a_run_is_kept_in_shards_from_its_start_to_its_end(tmp_path, nothing_is_gathered, capsys):
    """It is the run of one device; and, interrupted, goes on to the same bits there and to its numbers elsewhere."""

    def ended(run, *options):
        assert main(["train", "--json", *options]) == 0
        of = experiment(RunFolder(run).load_config())
        return RunFolder(run).load_params(of.shapes().params, store(of.config.checkpoints))

    def resumed(name, *options):
        run = tmp_path / name
        shutil.copytree(tmp_path / "many", run)
        remove(run / "result.json")
        for path in sorted((run / "checkpoints").iterdir())[2:]:
            remove(path)
        return ended(run, "--resume", str(run), *options)

    options, many, eight = TRAIN.split(), tmp_path / "many", ["--devices", "8", "--layout", "full"]
    params = ended(many, *options, "--checkpoints", "orbax", "--out", str(many), *eight)
    result = json.loads(capsys.readouterr().out)
    one = ended(tmp_path / "one", *options, "--out", str(tmp_path / "one"))
    assert_equal(resumed("again", *eight), params)
    assert (tmp_path / "again" / "metrics.jsonl").read_bytes() == (many / "metrics.jsonl").read_bytes()
    for near in (params, resumed("elsewhere")):
        for a, b in zip(jax.tree.leaves(near), jax.tree.leaves(one), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=2e-6)
    capsys.readouterr()
    assert main(["evaluate", str(many), "--json", *eight]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {name: result[name] for name in found}


@pytest.mark.parametrize("name", LAYOUTS)
def test_products_in_bfloat16_with_parameters_in_float32(name):
    random = np.random.default_rng(0)
    data = random.normal(size=(64, 16)).astype(np.float32), np.eye(10, dtype=np.float32)[random.integers(0, 10, 64)]
    settings = {"optimizer": optax.sgd(0.1), "steps": 6, "batch": 32, "gradients_of": value_and_grad_in(jnp.bfloat16)}
    one, many = (fit(NETWORK, bp.softmax_nll, data, layout=on, **settings) for on in (None, layout(name, 8)))
    for a, b in zip(jax.tree.leaves(many.params), jax.tree.leaves(one.params), strict=True):
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=2**-8 * np.abs(b).max())


def test_the_command_takes_bfloat16_on_a_layout(tmp_path, capsys):
    options = "--hidden 16 --steps 2 --compute bfloat16 --devices 8 --layout tensor --json --out"
    assert main(["train", *options.split(), str(tmp_path / "run")]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 2


def test_the_parameters_are_not_gathered_to_be_measured():
    """Each device finds its part of the units for all rows."""
    of, on_mesh = experiment(Config()), layout("full", 8)
    state = of.start(on_mesh)
    rows = on_mesh.place(of.judged)
    measure = evaluation(of.network, of.of.divergence, rows, of.of.prepare, on_mesh)
    text = jax.jit(measure).lower(state).compile().as_text()
    assert "all-gather" not in text
    assert "all-reduce" in text


SLOTS = ["--hidden", "16", "--epochs", "3", "--dropout", "0.1", "--slots", "8", "--json"]


def same_run(run, other):
    for name in ("params.npz", "metrics.jsonl"):
        assert (run / name).read_bytes() == (other / name).read_bytes(), (run, name)


@pytest.mark.parametrize("compute", ["float32", "bfloat16"])
def test_with_slots_any_devices_make_the_same_run(tmp_path, compute):
    """Bit by bit, noise and norms included; and one that is continued on other devices."""
    norms = ["--clip", "0.5", "--max-norm", "1.5"] if compute == "float32" else []
    options = ["train", *SLOTS, "--compute", compute, *norms]
    assert main([*options, "--out", str(tmp_path / "one")]) == 0
    for devices in ("1", "2", "4", "8") if compute == "float32" else ("8",):
        how = ["explicit"] if devices == "4" else ["data"]
        where = ["--devices", devices, "--layout", *how, "--out", str(tmp_path / devices)]
        assert main([*options, *where]) == 0
        same_run(tmp_path / devices, tmp_path / "one")
    longer = tmp_path / "longer"
    halfway = ["--epochs", "1", "--checkpoint-every", "42", "--devices", "8", "--out", str(longer)]
    assert main([*options, *halfway]) == 0
    assert main(["train", "--resume", str(longer), "--epochs", "2", "--devices", "2", "--json"]) == 0
    assert main(["train", "--resume", str(longer), "--epochs", "3", "--json"]) == 0
    same_run(longer, tmp_path / "one")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--slots", "6"], "--slots must be a power of 2, got 6"),
        (["--slots", "64"], "a batch of 32 rows cannot be divided into 64 slots"),
        (["--slots", "4", "--devices", "8"], "4 slots cannot be divided among 8 devices"),
        (["--slots", "8", "--devices", "8", "--layout", "full"], "--slots goes with --layout data or explicit"),
        (["--slots", "8", "--optimizer", "lamb"], "--slots goes with adam, "),
    ],
)
def test_slots_that_do_not_fit(tmp_path, options, message, capsys):
    assert main(["train", *options, "--out", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()

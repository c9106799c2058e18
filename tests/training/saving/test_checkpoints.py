"""A checkpoint is the state itself, and nothing else is taken for it, however it is stored."""

import random
import threading

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from orbax.checkpoint._src.path.atomicity import AtomicRenameTemporaryPath

import functional_bp as bp
from functional_bp.errors import InputError
from functional_bp.training.saving import stores
from functional_bp.training.saving.checkpoints import Checkpoint, Checkpoints, plain
from functional_bp.training.saving.stores import STORES, store
from functional_bp.training.step import start

NETWORK = bp.chain(bp.affine_layer(3, 40), bp.tanh, bp.affine_layer(40, 2))
ADAM = optax.adam(1e-3)
CONFIG = {"rate": 1e-3, "hidden": [40]}
REPORTS = [{"step": 3, "loss": 0.1 + 0.2}]

every_store = pytest.mark.parametrize("kind", STORES)


FIRST = start(NETWORK, ADAM, seed=0)


def state(step=7):
    return FIRST._replace(step=jnp.int32(step), params=jax.tree.map(lambda leaf: leaf + step, FIRST.params))


def checkpoint(step=7):
    return Checkpoint(state(step), REPORTS, state(step + 1).params)


def like(network=NETWORK, optimizer=ADAM):
    shapes = jax.eval_shape(lambda: plain(start(network, optimizer, seed=0)))
    return Checkpoint(shapes, [], shapes.params)


def no_warning(message):
    raise AssertionError(message)


def saved(folder, kind, *steps, keep=3):
    checkpoints = Checkpoints(folder / "c", CONFIG, keep, store(kind))
    for step in steps:
        checkpoints.save(checkpoint(step))
    checkpoints.finish()
    return checkpoints


def assert_same(found, expected):
    trees = [(plain(c.state), c.best) for c in (found, expected)]
    assert jax.tree.structure(trees[0]) == jax.tree.structure(trees[1])
    for a, b in zip(*map(jax.tree.leaves, trees), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@every_store
def test_it_comes_back_bit_by_bit(tmp_path, kind):
    of = checkpoint()._replace(state=state()._replace(loss_sum=jnp.float32(np.nan)))
    Checkpoints(tmp_path / "c", CONFIG, 1, kept_in := store(kind)).save(of)
    kept_in.wait()
    found = Checkpoints(tmp_path / "c", CONFIG, 1, store(kind)).newest(like(), no_warning)
    assert found is not None
    assert found.reports == REPORTS
    assert_same(found, of)
    assert jax.random.uniform(found.state.key) == jax.random.uniform(of.state.key)


@every_store
def test_the_newest_of_those_kept(tmp_path, kind):
    checkpoints = Checkpoints(tmp_path / "c", CONFIG, 2, store(kind))
    assert checkpoints.newest(like(), no_warning) is None
    checkpoints = saved(tmp_path, kind, 9, 80, 700, 1000, keep=2)
    assert [path.name.split(".")[0] for path in checkpoints.files()] == ["step-000001000", "step-000000700"]
    assert len(list(checkpoints.folder.iterdir())) == 2
    found = checkpoints.newest(like(), no_warning)
    assert found is not None
    assert_same(found, checkpoint(1000))


def damage(path):
    """Cuts off a file, or in a folder the end of the one that says what it holds."""
    file = path / "about" / "metadata" if path.is_dir() else path
    file.write_bytes(file.read_bytes()[:-1])


@every_store
def test_a_damaged_one_is_passed_over_said_and_written_again(tmp_path, kind, capfd):
    checkpoints = saved(tmp_path, kind, 10, 20, 30)
    newest, middle, oldest = checkpoints.files()
    damage(newest)
    damage(middle)
    (checkpoints.folder / f".{newest.name}.123.partial").write_bytes(b"half")
    (checkpoints.folder / f"{newest.name}.orbax-checkpoint-tmp").mkdir()
    said = []
    again = Checkpoints(tmp_path / "c", CONFIG, 1, store(kind))
    found = again.newest(like(), said.append)
    assert found is not None
    assert_same(found, checkpoint(10))
    assert [message.split(" is damaged")[0] for message in said] == [str(newest), str(middle)]
    again.save(checkpoint(20))
    assert oldest.exists() == (kind == "orbax")  # until the next is whole, nothing else is
    again.finish()
    assert sorted(again.folder.iterdir()) == [middle, newest]
    damage(middle)
    with pytest.raises(InputError, match="every checkpoint is damaged"):
        again.newest(like(), said.append)
    assert capfd.readouterr() == ("", "")


def attempt(checkpoints, path, shapes):
    try:
        return checkpoints.load(path, shapes), ""
    except InputError as error:
        return None, str(error)


@every_store
def test_damage_is_always_noticed(tmp_path, kind, capfd, request):
    """Whatever file of a checkpoint is damaged, it is refused in one line, or still is the very same.

    Unless --whole, a file of orbax's is damaged in one of two ways.
    """
    checkpoints = saved(tmp_path, kind, 10)
    (path,) = checkpoints.files()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    luck, refused, shapes, whole = random.Random(0), 0, like(), checkpoint(10)
    both = kind == "npz" or request.config.getoption("--whole")
    for file in files * (1 if path.is_dir() else 10):
        good = file.read_bytes()
        content = bytearray(good)
        content[luck.randrange(len(content))] ^= 1 << luck.randrange(8)
        ways = [bytes(content), good[: luck.randrange(len(good))]]
        for damaged in ways if both else [luck.choice(ways)]:
            file.write_bytes(damaged)
            found, message = attempt(checkpoints, path, shapes)
            file.write_bytes(good)
            if found is None:
                refused += 1
                assert message.startswith(f"{path} is damaged: ")
                assert "\n" not in message
            else:
                assert_same(found, whole)
    assert refused >= (10 if both else 4)
    assert capfd.readouterr() == ("", "")


def test_a_number_that_orbax_lets_pass_is_noticed(tmp_path):
    """The shards have no checksums of orbax's own."""
    random_bits = jax.random.normal(jax.random.key(0), (300, 200))
    kept_in = store("orbax")
    kept_in.save(tmp_path / "a.orbax", [random_bits])
    kept_in.wait()
    largest = max((file for file in tmp_path.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(bytes(content))
    with pytest.raises(InputError, match="0 does not have the checksum that was written with it"):
        kept_in.open(tmp_path / "a.orbax").read(jax.eval_shape(lambda: [random_bits]))
    checkpoints = saved(tmp_path, "orbax", 10)
    (path,) = checkpoints.files()
    file = path / "about" / "metadata"
    file.write_bytes(file.read_bytes().replace(b"0.300000", b"0.400000"))
    with pytest.raises(InputError, match="what it says of itself does not have the hash written with it"):
        checkpoints.load(path, like())


@every_store
def test_one_of_another_run_network_or_version_is_refused_with_what_differs(tmp_path, kind):
    checkpoints = saved(tmp_path, kind, 7)
    (path,) = checkpoints.files()

    def refusal(config=CONFIG, **of):
        with pytest.raises(InputError) as error:
            Checkpoints(tmp_path / "c", config, 3, store(kind)).newest(like(**of), no_warning)
        return str(error.value).removeprefix(str(path))

    assert refusal(CONFIG | {"rate": 0.1}) == " is of another run: its rate is 0.001, that of the folder is 0.1"
    assert refusal({"rate": 1e-3}) == " is of another run: its hidden is [40], that of the folder is None"
    other = bp.chain(bp.affine_layer(3, 5), bp.tanh, bp.affine_layer(5, 2))
    assert "expected best.0.W to be float32[5, 3], got float32[40, 3]" in refusal(network=other)
    assert "state.optimizer.0.count is not expected" in refusal(optimizer=optax.sgd(1.0))
    tree = {"state": plain(state()), "best": ()}
    checkpoints.store.save(path, tree, {"format": 1})
    checkpoints.store.wait()
    assert refusal() == ": expected a checkpoint of format 2, got 1"
    checkpoints.store.save(path, tree)
    checkpoints.store.wait()
    assert refusal() == " is no checkpoint"


@every_store
def test_a_folder_that_cannot_be_written(tmp_path, kind):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot (make|write)"):
        Checkpoints(tmp_path / "file", CONFIG, 3, store(kind)).save(checkpoint())


def test_a_disk_that_fails_while_orbax_writes_is_said_at_the_next_save(tmp_path, monkeypatch):
    checkpoints = saved(tmp_path, "orbax", 10)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(AtomicRenameTemporaryPath, "finalize", full)
        checkpoints.save(checkpoint(20))
        with pytest.raises(InputError, match=r"a checkpoint could not be written: .*No space left on device"):
            checkpoints.save(checkpoint(30))
    found = saved(tmp_path, "orbax").newest(like(), no_warning)
    assert found is not None
    assert found.state.step == 10


def test_an_unknown_store():
    with pytest.raises(InputError, match="unknown --checkpoints 'zip': expected one of npz, orbax"):
        stores.store("zip")


def test_orbax_saves_what_is_there_when_it_is_told_while_training_goes_on(tmp_path, monkeypatch):
    """What training then does to the arrays does not reach the checkpoint, which has its name when it is whole."""
    may_end, finalize = threading.Event(), AtomicRenameTemporaryPath.finalize

    def late(*arguments, **options):
        assert may_end.wait(60)
        return finalize(*arguments, **options)

    monkeypatch.setattr(AtomicRenameTemporaryPath, "finalize", late)
    path, kept_in, array = tmp_path / "a.orbax", store("orbax"), jnp.arange(1e5)
    kept_in.save(path, [array], {})
    array.delete()
    assert not path.exists()
    may_end.set()
    kept_in.wait()
    (found,) = kept_in.open(path).read([jax.ShapeDtypeStruct((100000,), np.dtype("float32"))])
    np.testing.assert_array_equal(found, np.arange(1e5, dtype=np.float32))

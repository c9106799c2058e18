"""Arrays on disk come back bit by bit, or the file is refused in one line."""

import random
import zipfile

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp import AffineParams
from functional_bp.errors import InputError
from functional_bp.training.saving import archive
from functional_bp.training.saving.archive import load_tree, save_tree

TREE = (AffineParams(jnp.arange(6.0).reshape(2, 3), jnp.array([jnp.nan, jnp.inf])), (), {"count": jnp.int32(7)})
LIKE = jax.eval_shape(lambda: TREE)


@pytest.fixture
def path(tmp_path):
    save_tree(tmp_path / "tree.npz", TREE)
    return tmp_path / "tree.npz"


def test_round_trip(path):
    loaded = load_tree(path, LIKE)
    assert jax.tree.structure(loaded) == jax.tree.structure(TREE)
    for a, b in zip(jax.tree.leaves(loaded), jax.tree.leaves(TREE), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert [file.name for file in path.parent.iterdir()] == ["tree.npz"]


@pytest.mark.parametrize(
    ("like", "message"),
    [
        ((*LIKE[:2], {"count": jax.ShapeDtypeStruct((2,), jnp.int32)}), "expected 2.count to be int32[2], got int32[]"),
        ((*LIKE[:2], {"count": jax.ShapeDtypeStruct((), jnp.int8)}), "expected 2.count to be int8[], got int32[]"),
        ((*LIKE[:2], {}), "2.count is not expected"),
        ((*LIKE, jax.ShapeDtypeStruct((), jnp.int8)), "3 is missing"),
    ],
)
def test_another_structure_is_refused(path, like, message):
    with pytest.raises(InputError) as error:
        load_tree(path, like)
    assert str(error.value) == f"{path}: {message}"


def test_damage_is_always_noticed(path):
    """Every file with bytes changed, cut off or added is refused, or still gives the very same arrays."""
    good = path.read_bytes()
    luck = random.Random(0)
    refused = 0
    for _ in range(300):
        path.write_bytes(damaged(good, luck))
        try:
            loaded = load_tree(path, LIKE)
        except InputError as error:
            refused += "\n" not in str(error)
            continue
        for a, b in zip(jax.tree.leaves(loaded), jax.tree.leaves(TREE), strict=True):
            np.testing.assert_array_equal(a, b)
    assert refused > 200


def damaged(good: bytes, luck: random.Random) -> bytes:
    content = bytearray(good)
    match luck.randrange(4):
        case 0:
            return bytes(content[: luck.randrange(len(content))])
        case 1:
            place = luck.randrange(len(content))
            return bytes(content[:place] + luck.randbytes(luck.randrange(1, 50)) + content[place:])
        case 2:
            return luck.randbytes(luck.randrange(300))
    for _ in range(luck.randrange(1, 6)):
        content[luck.randrange(len(content))] = luck.randrange(256)
    return bytes(content)


def test_changed_content_with_a_right_checksum_is_refused(path):
    """A zip whose own CRCs are right but whose content is not what was hashed."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["2.count.npy"] = members["2.count.npy"][:-4] + b"\x08\0\0\0"
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    with pytest.raises(InputError, match="does not have the hash"):
        load_tree(path, LIKE)


def test_pickles_are_refused(tmp_path):
    path = tmp_path / "evil.npz"
    np.savez(path, a=np.array([{}], object))
    with pytest.raises(InputError, match=r"is damaged: .*allow_pickle=False"):
        load_tree(path, LIKE)


def test_a_missing_file_and_an_unwritable_folder(tmp_path):
    with pytest.raises(InputError, match=r"no\.npz does not exist"):
        load_tree(tmp_path / "no.npz", LIKE)
    with pytest.raises(InputError, match=r"cannot write .*: No such file or directory"):
        save_tree(tmp_path / "no" / "tree.npz", TREE)


def test_a_failed_write_leaves_the_old_file(path, monkeypatch):
    good = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        save_tree(path, TREE)
    assert path.read_bytes() == good
    assert [file.name for file in path.parent.iterdir()] == ["tree.npz"]

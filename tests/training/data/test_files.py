"""Data sets on disk: whatever the container, the same arrays; what cannot be used is refused in one line."""

import gzip
import hashlib
import os

import numpy as np
import pytest
from data_files import CODES, REAL, idx_bytes, images, write_idx, write_pairs

from functional_bp.errors import InputError
from functional_bp.training.data.arrays import open_arrays
from functional_bp.training.data.cache import folder as cache_folder
from functional_bp.training.data.files import open_dataset
from functional_bp.training.data.rows import Chosen, Rows


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def assert_same(part, x, labels):
    np.testing.assert_array_equal(part.x[:], x.reshape(len(x), -1))
    np.testing.assert_array_equal(part.labels, labels)
    assert part.labels.dtype == np.int32


def save_npz(folder, arrays, save=np.savez):
    (x, labels), (x_test, labels_test) = arrays.values()
    save(folder / "data.npz", x_train=x, y_train=labels, x_test=x_test, y_test=labels_test)
    return folder / "data.npz"


def save_shards(folder, arrays):
    for part, (x, labels) in zip(("train", "test"), arrays.values(), strict=True):
        for number, start in enumerate(range(0, len(x), 2)):  # 15 of them: shard 10 comes after shard 9
            np.save(folder / f"{part}_x-{number}.npy", x[start : start + 2])
            np.save(folder / f"{part}_labels-{number}.npy", labels[start : start + 2])
    return folder


def save_npz_shards(folder, arrays):
    for part, (x, labels) in zip(("train", "test"), arrays.values(), strict=True):
        np.savez(folder / f"{part}-0.npz", images=x[:5], labels=labels[:5])
        np.savez_compressed(folder / f"{part}-1.npz", images=x[5:], labels=labels[5:])
    return folder


FORMS = {
    "npz": save_npz,
    "npz, compressed": lambda folder, arrays: save_npz(folder, arrays, np.savez_compressed),
    "npy shards": save_shards,
    "npz shards": save_npz_shards,
}


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_pairs(tmp_path, ending):
    arrays = write_pairs(tmp_path / "set", ending)
    data = open_dataset(tmp_path / "set")
    assert_same(data.train, *arrays["train"])
    assert_same(data.test, *arrays["t10k"])
    assert (data.classes, data.shape, data.scale) == (3, (4, 3), 1 / 255)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_other_forms(tmp_path, form):
    arrays = {"train": images(30), "test": images(9, seed=1)}
    (tmp_path / "set").mkdir()
    data = open_dataset(form(tmp_path / "set", arrays))
    assert_same(data.train, *arrays["train"])
    assert_same(data.test, *arrays["test"])
    assert data.shape == (4, 3)


def test_a_set_without_a_test_part(tmp_path):
    x, labels = images(12)
    np.savez(tmp_path / "data.npz", x=x / np.float32(255), y=labels, remark=np.zeros(3))
    data = open_dataset(tmp_path / "data.npz")
    assert data.test is None
    assert data.scale == 1
    np.testing.assert_array_equal(data.train.x[:], (x / np.float32(255)).reshape(12, -1))


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_every_type_of_idx(tmp_path, dtype, ending):
    array = np.arange(-6, 6).astype(dtype).reshape(2, 3, 2)
    write_idx(tmp_path / f"a.idx{ending}", array)
    np.testing.assert_array_equal(open_arrays(tmp_path / f"a.idx{ending}")[""], array)
    rows = Rows([open_arrays(tmp_path / f"a.idx{ending}")[""]])
    assert rows.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(np.asarray(rows), array.reshape(2, 6))


def test_rows_are_those_of_the_shards_joined():
    shards = [np.random.default_rng(n).normal(size=(n, 2, 3)) for n in (4, 1, 7)]
    rows, joined = Rows(shards), np.concatenate(shards).reshape(12, 6)
    order = np.random.default_rng(0).integers(0, 12, 50)
    np.testing.assert_array_equal(rows[order], joined[order])
    np.testing.assert_array_equal(rows[3:9:2], joined[3:9:2])
    np.testing.assert_array_equal(np.concatenate(list(rows.blocks())), joined)
    assert (len(rows), rows.shape, rows.nbytes) == (12, (12, 6), joined.nbytes)
    for beyond in ([12], [-13]):
        with pytest.raises(IndexError):
            rows[np.array(beyond)]


def test_rows_chosen_from_others():
    whole = np.arange(24).reshape(8, 3)
    for source in (whole, Rows([whole[:5], whole[5:]])):
        chosen = Chosen(source, np.array([6, 0, 5, 3]))
        np.testing.assert_array_equal(np.asarray(chosen), whole[[6, 0, 5, 3]])
        np.testing.assert_array_equal(chosen[np.array([2, 2, 0])], whole[[5, 5, 6]])
        np.testing.assert_array_equal(np.concatenate(list(chosen.blocks())), whole[[6, 0, 5, 3]])
        assert (len(chosen), chosen.shape, chosen.nbytes) == (4, (4, 3), 12 * whole.itemsize)


def refused(path, content, message):
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_dataset(path.parent)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def zipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


ZIPPED = zipped(idx_bytes(images(30)[0]))
IMAGE_DAMAGE = {
    "another magic": (b"\x89PNG\r\n\x1a\n", "is no IDX file: it must begin with 00 00, a type and 1 to 8 axes, got 89"),
    "nothing": (b"", "is no IDX file"),
    "half a header": (idx_bytes(images(30)[0])[:9], "ends within its header"),
    "cut short": (idx_bytes(images(30)[0])[:-1], "its header calls for 376 bytes, it has 375"),
    "too long": (idx_bytes(images(30)[0]) + b"\0", "its header calls for 376 bytes, it has 377"),
    "no images": (idx_bytes(images(0)[0]), "is empty: its shape is (0, 4, 3)"),
    "a label missing": (idx_bytes(images(31)[0]), "train: 31 instances but 30 labels"),
    "labels for images": (idx_bytes(images(30)[1]), "its name says idx3-ubyte, its header idx1-ubyte"),
    "signed for unsigned": (idx_bytes(images(30)[0].view("i1")), "its name says idx3-ubyte, its header idx3-byte"),
    "another size than the test": (
        idx_bytes(images(30, shape=(4, 4))[0]),
        "the train part has 16 numbers of uint8, of",
    ),
}


@pytest.mark.parametrize("damage", IMAGE_DAMAGE)
def test_damaged_images(tmp_path, damage):
    write_pairs(tmp_path / "set")
    refused(tmp_path / "set" / "train-images-idx3-ubyte", *IMAGE_DAMAGE[damage])


GZIP_DAMAGE = {
    "not gzipped": (idx_bytes(images(30)[0]), "is damaged: Not a gzipped file"),
    "cut short": (ZIPPED[:200], "is damaged: Compressed file ended before the end-of-stream marker"),
    "another byte": (ZIPPED[:150] + bytes([ZIPPED[150] ^ 1]) + ZIPPED[151:], "is damaged: "),
    "shorter than it says": (
        zipped(idx_bytes(images(30)[0])[:-5]),
        "calls for 376 bytes, it has only 371",
    ),
    "a bomb": (zipped(idx_bytes(images(30)[0]) + bytes(1 << 24)), "calls for 376 bytes, it has more"),
}


@pytest.mark.parametrize("damage", GZIP_DAMAGE)
def test_damaged_gzip(tmp_path, damage):
    write_pairs(tmp_path / "set", ".gz")
    refused(tmp_path / "set" / "train-images-idx3-ubyte.gz", *GZIP_DAMAGE[damage])
    held = sum(file.stat().st_size for file in cache_folder().iterdir()) if cache_folder().exists() else 0
    assert held <= 500  # nothing of the damaged file stays in the cache


@pytest.mark.parametrize(
    ("part", "row", "label", "message"),
    [
        ("train", slice(None), 0, "at least two classes are needed, all labels are 0"),
        ("t10k", 4, 3, "test: labels must be from 0 to 2, row 4 has 3"),
    ],
)
def test_labels_out_of_range(tmp_path, part, row, label, message):
    labels = write_pairs(tmp_path / "set")[part][1]
    labels[row] = label
    refused(tmp_path / "set" / f"{part}-labels-idx1-ubyte", idx_bytes(labels), message)


def npz(**changes):
    x, labels = images(12)
    return {"x": x.astype(np.float32), "y": labels} | changes


def with_value(value):
    x = npz()["x"]
    x[5, 1, 2] = value
    return x


REFUSED_ARRAYS = {
    "NaN": ({"x": with_value(np.nan)}, "train: every number must be finite, row 5, column 5 is nan"),
    "infinity": ({"x": with_value(np.inf)}, "row 5, column 5 is inf"),
    "text": ({"x": np.array(["a"] * 12)}, "x: expected whole or floating-point numbers, got <U1"),
    "complex": ({"x": np.ones((12, 2), complex)}, "expected whole or floating-point numbers, got complex128"),
    "a number": ({"x": np.float32(3)}, "x is empty: its shape is ()"),
    "labels by halves": ({"y": np.ones(12) / 2}, "labels must be one whole number each, got float64[12]"),
    "labels in rows": ({"y": np.ones((12, 3), int)}, "labels must be one whole number each, got int64[12, 3]"),
    "huge labels": ({"y": np.full(12, 2**63, np.uint64)}, "at least two classes are needed, all labels are 922337"),
    "Fortran order": ({"x": np.asfortranarray(npz()["x"])}, "x: expected the rows one after another (C order)"),
    "another name": ({"z": np.ones(2), "x": np.ones((12, 2)), "y": np.ones(11, int)}, "12 instances but 11 labels"),
}


@pytest.mark.parametrize("case", REFUSED_ARRAYS)
def test_arrays_that_cannot_be_used(tmp_path, case):
    changes, message = REFUSED_ARRAYS[case]
    np.savez(tmp_path / "data.npz", **npz(**changes))
    with pytest.raises(InputError) as caught:
        open_dataset(tmp_path / "data.npz")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "damage", [lambda content: content + b"\0", lambda content: content[:-1]], ids=["long", "short"]
)
def test_an_npy_of_another_length_than_its_header_s(tmp_path, damage):
    np.save(tmp_path / "x.npy", np.ones((3, 2)))
    (tmp_path / "x.npy").write_bytes(damage((tmp_path / "x.npy").read_bytes()))
    with pytest.raises(InputError, match=r"x.npy"):
        open_arrays(tmp_path / "x.npy")


def test_objects_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "data.npz", allow_pickle=True, x=np.array([{}, []], object), y=np.arange(2))
    with pytest.raises(InputError, match=r"data.npz, x is damaged: .*object"):
        open_dataset(tmp_path / "data.npz")


def test_an_npz_whose_directory_has_lost_an_array_is_refused(tmp_path):
    """Here the remark of the second entry swallows the third and fourth: no checksum sees that."""
    file = save_npz(tmp_path, {"train": images(30), "test": images(9)})
    content = bytearray(file.read_bytes())
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[second + 33] = 1
    file.write_bytes(content)
    with pytest.raises(InputError, match="it holds more than its directory lists"):
        open_dataset(file)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere does not exist"):
        open_dataset(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"notes.txt: expected a folder, .npz, .npy or IDX"):
        open_dataset(tmp_path / "notes.txt")
    with pytest.raises(InputError, match=r"expected arrays named like train-images and train-labels, .* found nothing"):
        open_dataset(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte", images(3)[0])
    with pytest.raises(InputError, match="train: there are instances but no labels"):
        open_dataset(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", images(2)[0])
    write_idx(tmp_path / "train-labels-idx1-ubyte", images(5)[1])
    with pytest.raises(InputError, match=r"train: 3\+2 instances but 5 labels"):
        open_dataset(tmp_path)


def test_decompressed_once_and_again_when_the_file_changes(tmp_path):
    file = tmp_path / "a.idx.gz"
    write_idx(file, images(5)[0])
    open_arrays(file)
    (kept,) = cache_folder().iterdir()
    made = kept.stat().st_ino
    open_arrays(file)
    assert [f.stat().st_ino for f in cache_folder().iterdir()] == [made]
    write_idx(file, images(6)[0])
    assert len(open_arrays(file)[""]) == 6


def test_the_cache_is_bounded_and_forgets_what_was_used_longest_ago(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCTIONAL_BP_CACHE_LIMIT", "1000")
    for number in range(3):
        write_idx(tmp_path / f"{number}.idx.gz", images(30)[0])
    first = open_arrays(tmp_path / "0.idx.gz")[""]
    (of_first,) = cache_folder().iterdir()
    second = open_arrays(tmp_path / "1.idx.gz")[""]
    for file in cache_folder().iterdir():
        os.utime(file, (1, 1 + (file != of_first)))  # long ago, the first before the second
    open_arrays(tmp_path / "0.idx.gz")
    open_arrays(tmp_path / "2.idx.gz")
    assert sum(file.stat().st_size for file in cache_folder().iterdir()) <= 1000
    assert of_first.exists()
    np.testing.assert_array_equal(first, second)  # what is mapped stays whole
    monkeypatch.setenv("FUNCTIONAL_BP_CACHE_LIMIT", "375")
    (tmp_path / "3.idx.gz").write_bytes((tmp_path / "2.idx.gz").read_bytes())
    with pytest.raises(InputError, match=r"3.idx.gz has 376 bytes when decompressed, the cache at most 375"):
        open_arrays(tmp_path / "3.idx.gz")
    monkeypatch.setenv("FUNCTIONAL_BP_CACHE_LIMIT", "much")
    with pytest.raises(InputError, match="FUNCTIONAL_BP_CACHE_LIMIT must be a number of bytes, got 'much'"):
        open_arrays(tmp_path / "3.idx.gz")


REAL_SETS = {
    "mnist": (0.1307, 0.3081, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
    "fashion_mnist": (0.2860, 0.3530, [6000] * 10),
}


@pytest.mark.skipif(not REAL.is_dir(), reason="no folder of real data: set FUNCTIONAL_BP_DATA")
@pytest.mark.parametrize("name", REAL_SETS)
def test_real_data(name):
    mean, deviation, counts = REAL_SETS[name]
    data = open_dataset(REAL / name)
    assert (data.classes, data.shape) == (10, (28, 28))
    assert (data.train.x.shape, data.test.x.shape) == ((60000, 784), (10000, 784))
    assert np.bincount(data.train.labels).tolist() == counts
    x = np.asarray(data.train.x)
    assert x.mean() * data.scale == pytest.approx(mean, abs=5e-5)
    assert x.std() * data.scale == pytest.approx(deviation, abs=5e-5)
    plain = gzip.decompress((REAL / name / "train-images-idx3-ubyte.gz").read_bytes())
    assert hashlib.sha256(x).digest() == hashlib.sha256(plain[16:]).digest()

"""Data sets as people have them: other integers, other names, parts of their own; and files made to do harm."""

import gzip
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from data_files import idx_bytes, images, write_idx

from functional_bp.errors import InputError
from functional_bp.runs.classification import problem
from functional_bp.training.data import cache
from functional_bp.training.data.arrays import open_arrays
from functional_bp.training.data.files import open_dataset
from functional_bp.training.data.roles import role


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cache.warn.cache_clear()


def saved(tmp_path, **arrays):
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i2", ">i8"])
def test_the_same_images_in_any_type_are_the_same_data(tmp_path, dtype):
    x, labels = images(12)
    data = open_dataset(saved(tmp_path, x=x.astype(dtype), y=labels.astype(dtype)))
    np.testing.assert_array_equal(np.asarray(data.train.x), x.reshape(12, -1))
    assert (data.train.x.dtype, data.scale, data.stored.itemsize) == (np.uint8, 1 / 255, np.dtype(dtype).itemsize)


@pytest.mark.parametrize(
    ("low", "high", "dtype", "scale"),
    [
        (0, 1, "uint8", 1),
        (0, 16, "uint8", 1 / 31),
        (-3, 100, "int8", 1 / 127),
        (0, 1000, "uint16", 1 / 1023),
        (-1000, 5, "int16", 1 / 1023),
        (0, 2**40, "float32", 1 / (2**41 - 1)),
        (-(2**63), 2**63 - 1, "float32", 1 / (2**64 - 1)),
    ],
)
def test_whole_numbers_are_scaled_by_what_there_is(tmp_path, low, high, dtype, scale):
    x = np.array([[low, high], [high, low]])
    data = open_dataset(saved(tmp_path, x=x, y=[0, 1]))
    assert (str(data.train.x.dtype), data.scale) == (dtype, scale)
    np.testing.assert_array_equal(np.asarray(data.train.x), x.astype(dtype))


@pytest.mark.parametrize("value", [1e39, -1e300, np.longdouble("1e4000"), np.nan])
def test_a_number_that_float32_does_not_have_is_refused(tmp_path, value):
    x = np.ones((4, 3), type(value) if isinstance(value, np.longdouble) else float)
    x[2, 1] = value
    with pytest.raises(InputError, match="train: every number must be finite, row 2, column 1 is"):
        open_dataset(saved(tmp_path, x=x, y=[0, 1, 0, 1]))


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.longdouble])
def test_floating_point_numbers_become_float32(tmp_path, dtype):
    data = open_dataset(saved(tmp_path, x=np.ones((4, 3), dtype), y=[0, 1, 0, 1]))
    assert data.train.x.dtype == data.train.x[:].dtype == np.float32


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev"])
def test_a_validation_part_is_not_trained_on(tmp_path, name):
    x, labels = images(30)
    parts = {"x_train": x[:18], "y_train": labels[:18], f"x_{name}": x[18:24], f"y_{name}": labels[18:24]}
    found = problem("ten", "stratified", 0, str(saved(tmp_path, **parts)))
    assert [len(part.labels) for part in (found.train, found.validation, found.test)] == [18, 6, 6]
    assert found.tested_on == "validation"
    assert found.notes[0] == "data: train 18 rows, validation 6 rows; 3 classes"
    parts |= {"x_test": x[24:], "y_test": labels[24:]}
    found = problem("ten", "stratified", 0, str(saved(tmp_path, **parts)))
    assert [len(part.labels) for part in (found.train, found.validation, found.test)] == [18, 6, 6]
    assert found.tested_on == "test"
    np.testing.assert_array_equal(np.asarray(found.validation.x), x[18:24].reshape(6, -1))
    np.testing.assert_array_equal(np.asarray(found.test.x), x[24:].reshape(6, -1))


def test_what_was_made_of_the_data_is_said(tmp_path):
    x, labels = images(12)
    path = saved(tmp_path, X=x.astype(np.int64), target=np.array(["cat", "dog", "owl"])[labels], weights=labels, note=x)
    assert problem("ten", "stratified", 0, str(path)).notes == (
        "data: train 9 rows, test 3 rows, held out; 3 classes",
        "data: whole numbers, divided by 255",
        "data: the classes are cat, dog, owl",
        "data: not used, as their names do not say what they are: weights, note",
    )


@pytest.mark.parametrize("names", [("x", "x_extra"), ("x_train", "inputs"), ("x", "x_holdout"), ("a_x", "b_x")])
def test_two_arrays_that_are_not_shards_are_not_joined(tmp_path, names):
    x, labels = images(12)
    y = {name.replace("inputs", "y").replace("x", "y"): labels for name in names}
    with pytest.raises(InputError, match="would both be of this part: name arrays train, validation or test"):
        open_dataset(saved(tmp_path, **dict.fromkeys(names, x), **y))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("X", ("train", "x")),
        ("target", ("train", "labels")),
        ("target_names", None),
        ("x_val.npz/y", ("validation", "labels")),
        ("test.npz/x_train", ("train", "x")),
        ("x.npz/note", ("train", "x")),
        ("x_y", None),
        ("x_train_test", None),
    ],
)
def test_what_names_say(name, expected):
    assert role(name) == expected


LABELS = {
    "gaps": np.array([7, 200, 7, -3]),
    "texts": np.array(["b", "a", "b", "ä"]),
    "bytes": np.array([b"b", b"a", b"b", b"c"]),
    "whole floats": np.array([1.0, 0.0, 1.0, 5.0]),
    "booleans": np.array([True, False, True, False]),
    "large": np.array([2**63, 0, 2**63, 5], np.uint64),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind(tmp_path, kind):
    labels = LABELS[kind]
    data = open_dataset(saved(tmp_path, x=np.ones((4, 2)), y=labels, x_test=np.ones((2, 2)), y_test=labels[:2]))
    values, numbers = np.unique(labels, return_inverse=True)
    np.testing.assert_array_equal(data.train.labels, numbers)
    np.testing.assert_array_equal(data.test.labels, numbers[:2])
    assert len(data.names) == data.classes == len(values)
    assert (data.names[0], data.names[-1]) == tuple(
        v.decode() if isinstance(v, bytes) else str(int(v)) if not isinstance(v, str) else v
        for v in (values[0].item(), values[-1].item())
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.5, 1.0, 0.0, 1.0], "labels must be one whole number each, got float64"),
        ([np.nan, 1.0, 0.0, 1.0], "labels must be one whole number each, got float64"),
        ([1e300, 1.0, 0.0, 1.0], "labels must be one whole number each, got float64"),
    ],
)
def test_labels_that_are_none(tmp_path, labels, message):
    with pytest.raises(InputError, match=message):
        open_dataset(saved(tmp_path, x=np.ones((4, 2)), y=np.array(labels)))
    many = np.arange(70_000)
    with pytest.raises(InputError, match="more than 65536 classes"):
        open_dataset(saved(tmp_path, x=np.ones((70_000, 1)), y=many))


@pytest.mark.parametrize("name", ["x.npy", "data.npz", "a-idx1-ubyte", "a.idx.gz"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_regular_files_alone(tmp_path, name, kind):
    path = tmp_path / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
        (path / name).mkdir()
    with pytest.raises(InputError, match=f"expected a regular file, got a {kind}"):
        open_arrays(path)


def test_what_the_cache_holds_is_what_was_written_of_what_there_is(tmp_path):
    """Neither the path nor the time of a change is believed: of the source and of the copy the content counts."""
    file, x = tmp_path / "a.idx.gz", images(5)[0]
    write_idx(file, x)
    np.testing.assert_array_equal(open_arrays(file)[""], x)
    (copy,) = cache.folder().iterdir()
    times = copy.stat()
    copy.write_bytes(bytes(copy.stat().st_size))
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    np.testing.assert_array_equal(open_arrays(file)[""], x)
    times, content = file.stat(), bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(InputError, match=r"a\.idx\.gz is damaged"):
        open_arrays(file)


def test_without_a_cache_it_is_said_once_and_goes_on(tmp_path, monkeypatch, caplog):
    (tmp_path / "cache").write_text("a file")
    x, labels = images(12)
    data = open_dataset(saved(tmp_path, x=x, y=labels))
    np.testing.assert_array_equal(np.asarray(data.train.x), x.reshape(12, -1))
    (record,) = caplog.records
    assert "cannot be written" in record.getMessage()
    assert "set XDG_CACHE_HOME to a folder that can" in record.getMessage()


def test_what_killed_processes_left_in_the_cache_goes(tmp_path):
    cache.folder().mkdir(parents=True)
    old, new = cache.folder() / ".a.1.partial", cache.folder() / ".b.2.partial"
    for path in (old, new):
        path.write_text("half")
    os.utime(old, (1, 1))
    write_idx(tmp_path / "a.idx.gz", images(5)[0])
    open_arrays(tmp_path / "a.idx.gz")
    assert not old.exists()
    assert new.exists()


def header(shape, dtype="|u1"):
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def zipped(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


SHAPES = ["(10**12,)", "(-4,)", "(2**63, 2**63)", "(" + "9" * 400 + ",)", "(1,)" * 3000, "(1.5,)", "(True,)", "((1,),)"]


@pytest.mark.parametrize("shape", SHAPES)
def test_headers_that_lie(tmp_path, shape):
    (tmp_path / "x.npy").write_bytes(header(shape) + b"\0" * 64)
    zipped(tmp_path / "data.npz", x=header(shape) + b"\0" * 64, y=header("(64,)") + b"\0" * 64)
    for name in ("x.npy", "data.npz"):
        with pytest.raises(InputError) as refused:
            (open_dataset if name == "data.npz" else open_arrays)(tmp_path / name)
        assert name in str(refused.value)


def test_a_gzipped_header_that_calls_for_more_than_its_file_can_hold(tmp_path):
    lie = struct.pack(">HBB2I", 0, 8, 2, 2**31, 2**31)
    (tmp_path / "a.idx.gz").write_bytes(gzip.compress(lie + bytes(1000)))
    with pytest.raises(InputError, match="bytes cannot hold the 4611686018427387916 that its header calls for"):
        open_arrays(tmp_path / "a.idx.gz")


def test_members_that_overlap(tmp_path):
    x, labels = images(12)
    path = saved(tmp_path, x=x, y=labels)
    content = bytearray(path.read_bytes())
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[second + 42 : second + 46] = content[second + 42 - 4 : second + 42]  # where it begins: at the first
    content[second + 42 : second + 46] = struct.pack("<I", 10)
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        open_dataset(path)


MORE = 80_000_000  # bytes over what Python, NumPy and JAX take; a held file would be 200 million
only_linux = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is measured as Linux has it")
BOMBS = {
    "an npz that is large when unpacked, of which a small part is used": "npz",
    "a gzip of more than its header says": "gz",
    "labels without instances": "labels",
    "a header of a hundred megabytes": "header",
}


def measured(*arguments):
    """The command in a process of its own, and the most bytes of memory that it had."""
    program = "import sys; from pathlib import Path; from functional_bp.cli import main; code = main(sys.argv[1:])\n"
    program += "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True)
    return done, 1024 * int(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def most(tmp_path_factory):
    """The bytes that a command may have: what it has for a file of a few rows, and some more."""
    path = tmp_path_factory.mktemp("few") / "x.npy"
    np.save(path, np.zeros((4, 2), np.uint8))
    return measured("data", path)[1] + MORE


@only_linux
@pytest.mark.parametrize("bomb", BOMBS)
def test_memory_stays_bounded(tmp_path, bomb, most):
    """200 MB lie behind some hundred kilobytes: none of it comes into memory, and nothing stays on the disk."""
    large, x = bytes(200_000_000), images(12)[0]
    if BOMBS[bomb] == "npz":
        zipped(
            tmp_path / "data.npz",
            note=header("(200000000,)") + large,
            x=header("(2, 2)") + b"abcd",
            y=header("(2,)") + b"ab",
        )
    elif BOMBS[bomb] == "header":
        start = b"\x93NUMPY\x02\x00" + struct.pack("<I", 100_000_000)
        zipped(tmp_path / "data.npz", x=start + large, y=header("(12,)"))
    else:
        labels = idx_bytes(np.zeros(12, np.uint8)) + large
        if BOMBS[bomb] == "labels":
            labels = struct.pack(">HBBI", 0, 8, 1, len(large)) + large
        (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels, 1))
        write_idx(tmp_path / "train-images-idx3-ubyte", x)
    del large
    path = tmp_path / "data.npz" if (tmp_path / "data.npz").exists() else tmp_path
    done, had = measured("data", path)
    assert done.returncode == (0 if BOMBS[bomb] == "npz" else 2), done.stderr
    assert done.stderr.count("\n") == (0 if BOMBS[bomb] == "npz" else 1)
    assert had < most
    assert not [file for file in cache.folder().glob("*") if file.stat().st_size > 1000]


@only_linux
def test_what_is_read_of_a_file_does_not_stay_in_memory(tmp_path, most):
    """An honest file of 200 MB, read from end to end."""
    with open(tmp_path / "x.npy", "wb") as file:
        file.write(header("(100000, 2000)"))
        file.truncate(len(header("(100000, 2000)")) + 200_000_000)
    done, had = measured("data", tmp_path / "x.npy")
    assert done.returncode == 0, done.stderr
    assert had < most


@only_linux
def test_a_table_of_one_long_line(tmp_path, most):
    with open(tmp_path / "x.csv", "wb") as file:
        file.write(b"a,y\n1,")
        file.truncate(200_000_000)
    done, had = measured("data", tmp_path / "x.csv")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert had < most


@only_linux
@pytest.mark.slow
def test_train_and_evaluate_take_at_most_three_times_their_data_and_500_megabytes(tmp_path):
    rows, size = 150_000, 150_000_000
    x = np.zeros((rows, size // rows), np.uint8)
    x[::2] = 255
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(rows, dtype=np.int64) % 2)
    del x
    run = tmp_path / "run"
    options = ["--data", tmp_path / "data.npz", "--hidden", "4", "--steps", "2", "--out", run]
    for arguments in (
        ["train", *options, "--json"],
        ["evaluate", run, "--json"],
        ["predict", run, tmp_path / "data.npz"],
    ):
        done, had = measured(*arguments)
        assert done.returncode == 0, done.stderr
        assert had < 3 * size + 500_000_000, arguments[0]

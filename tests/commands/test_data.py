"""`functional-bp data PATH`: what it says against what was written, and one line for what cannot be used."""

import gzip
import hashlib
import json

import numpy as np
import pytest
from data_files import REAL, images, write_idx, write_pairs

from functional_bp import cli


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def printed(capsys, *arguments):
    assert cli.main(["data", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_a_folder(tmp_path, capsys):
    arrays = write_pairs(tmp_path / "set", ".gz", train=31)
    found = json.loads(printed(capsys, tmp_path / "set", "--json"))
    assert (found["classes"], found["shape"], found["dtype"]) == (3, [4, 3], "uint8")
    assert found["histogram"] == {"train": {"0": 11, "1": 10, "2": 10}, "test": {"0": 3, "1": 3, "2": 3}}
    for name, (x, _) in zip(("train", "test"), arrays.values(), strict=True):
        part = found["parts"][name]
        assert (part["rows"], part["lowest"], part["highest"]) == (len(x), x.min(), x.max())
        assert part["mean"] == pytest.approx(x.mean(), rel=1e-12)
        assert part["deviation"] == pytest.approx(x.std(), rel=1e-12)
    files = {file.name: file.read_bytes() for file in (tmp_path / "set").iterdir()}
    assert found["files"] == {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()
    }


def test_the_text_is_what_the_json_says(tmp_path, capsys):
    write_pairs(tmp_path / "set", train=31)
    text = printed(capsys, tmp_path / "set")
    assert text.startswith("3 classes, instances of 4 × 3, uint8\ntrain: 31 rows, from ")
    assert f"       0        11         3  {'█' * 40}\n       1        10         3  {'█' * 36}\n" in text
    for file in (tmp_path / "set").iterdir():
        line = f"{file.name}  {file.stat().st_size} bytes  sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}\n"
        assert line in text


def test_an_npz(tmp_path, capsys):
    x, labels = images(12)
    np.savez(tmp_path / "data.npz", x=x.astype(np.float32), y=labels)
    found = json.loads(printed(capsys, tmp_path / "data.npz", "--json"))
    assert found["dtype"] == "float32"
    assert list(found["parts"]) == ["train"]
    assert found["parts"]["train"]["mean"] == pytest.approx(x.mean())


def test_one_file(tmp_path, capsys):
    x, labels = images(10)
    write_idx(tmp_path / "labels-idx1-ubyte", labels)
    found = json.loads(printed(capsys, tmp_path / "labels-idx1-ubyte", "--json"))
    assert found["histogram"] == {"labels-idx1-ubyte": {"0": 4, "1": 3, "2": 3}}
    assert "instances of one number, uint8" in printed(capsys, tmp_path / "labels-idx1-ubyte")
    np.save(tmp_path / "x.npy", x / 7)
    found = json.loads(printed(capsys, tmp_path / "x.npy", "--json"))
    assert (found["shape"], found["dtype"], "histogram" in found) == ([4, 3], "float64", False)
    assert found["parts"]["x.npy"]["deviation"] == pytest.approx((x / 7).std(), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-images-idx3-ubyte.gz", gzip.compress(b"0123", mtime=0), "is no IDX file"),
        ("train-images-idx3-ubyte.gz", b"", "is no IDX file"),
        ("train-labels-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x05abc", "its header calls for 13 bytes, it has 11"),
        ("x.npy", b"\x93NUMPY\x01\0", "is damaged"),
        ("x.npz", b"PK", "is damaged: File is not a zip file"),
        ("notes.txt", b"", "expected a folder, .npz, .npy or IDX"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_2(tmp_path, capsys, name, content, message):
    (tmp_path / name).write_bytes(content)
    assert cli.main(["data", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("functional-bp data: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.skipif(not REAL.is_dir(), reason="no folder of real data: set FUNCTIONAL_BP_DATA")
def test_real_mnist(capsys):
    found = json.loads(printed(capsys, REAL / "mnist", "--json"))
    assert found["histogram"]["test"]["4"] == 982
    published = "9fb629c4189551a2d022fa330f9573f3"  # the MD5 sum that loaders of MNIST check
    assert hashlib.md5((REAL / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes()).hexdigest() == published
    assert found["files"]["t10k-images-idx3-ubyte.gz"]["sha256"].startswith("8d422c7b0a1c1c79")

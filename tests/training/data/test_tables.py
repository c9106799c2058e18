"""CSV files: what a column is, and what is no table. Expected values are written by hand or by Python's own csv."""

import csv
import re
import sys
import tracemalloc

import numpy as np
import pytest

from functional_bp.errors import InputError
from functional_bp.training.data.files import open_dataset, open_instances, open_labelled
from functional_bp.training.data.tables import Columns


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def table(tmp_path):
    def write(text, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


FLOWERS = "length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,virginica\n4.9,3.0,setosa\n"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (FLOWERS, ""),
        (FLOWERS.replace("species", "kind"), "kind"),
        (FLOWERS.replace(",", ";"), ""),
        (FLOWERS.replace(",", "\t"), ""),
        (FLOWERS.replace("\n", "\r\n"), ""),
        ("\ufeff" + FLOWERS, ""),
        (FLOWERS.replace("setosa", '"setosa"').replace("length", '"length"'), ""),
        (FLOWERS + "\n\n", ""),
        (FLOWERS.partition("\n")[2], ""),  # without a header the last column is the target
    ],
    ids=["named", "asked for", "semicolons", "tabs", "CRLF", "BOM", "quoted", "blank lines", "no header"],
)
def test_numbers_and_labels_are_those_of_the_file(table, text, target):
    found = open_dataset(table(text), Columns(target))
    np.testing.assert_allclose(found.train.x[:], [[5.1, 3.5], [7.0, 3.2], [6.3, 3.3], [4.9, 3.0]], rtol=1e-7)
    assert found.names == ("setosa", "versicolor", "virginica")
    assert found.train.labels.tolist() == [0, 1, 2, 0]


def test_the_target_may_stand_anywhere_and_the_index_of_pandas_is_no_number(table):
    found = open_dataset(table(",y,a,b\n0,7,0.5,1\n1,9,2.5,3\n2,7,4.5,5\n"))
    np.testing.assert_array_equal(found.train.x[:], [[0.5, 1], [2.5, 3], [4.5, 5]])
    assert found.names == ("7", "9")
    assert found.columns == Columns("y", ("a", "b"))


def test_bytes_are_scaled_as_those_of_images(table):
    found = open_dataset(table("label,p0,p1\n5,0,255\n3,128,7\n"))
    assert (found.stored, found.scale) == (np.uint8, 1 / 255)


def test_numbers_as_targets(table):
    found = open_dataset(table("a,y\n1.5,10\n2.5,20.25\n"), numbers=True)
    np.testing.assert_array_equal(found.train.labels, [[10], [20.25]])


def test_the_parts_of_a_folder_may_order_their_columns_differently(table, tmp_path):
    table("a,b,y\n0.5,1,0\n2.5,3,1\n", "train.csv")
    table("y,b,a\n1,30,25.5\n", "test.csv")
    found = open_dataset(tmp_path)
    np.testing.assert_array_equal(found.test.x[:], [[25.5, 30]])
    assert found.test.labels.tolist() == [1]


def test_a_table_beside_other_data_is_about_it(table, tmp_path):
    table("name,size\nx,3\n", "about.csv")
    np.savez(tmp_path / "data.npz", x=np.eye(2), y=[0, 1])
    assert len(open_dataset(tmp_path).train.x) == 2


def test_instances_are_found_by_their_names_with_and_without_a_target(table):
    known = Columns("y", ("a", "b"), 2)
    for text in ("b,a\n2,1.5\n", "y,b,c,a\n0,2,9,1.5\n"):
        np.testing.assert_array_equal(open_instances(table(text), None, known)[:], [[1.5, 2]])
    _, labels = open_labelled(table("y,b,a\ndog,2,1.5\n"), ("cat", "dog"), None, known)
    assert labels.tolist() == [1]
    for text, width in (("1.5,2\n", 2), ("1.5,2,0\n", 2)):
        assert open_instances(table(text), None, Columns("", (), width)).shape == (1, 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("a,y\n", "a header and no rows"),
        ("a,y\n1,0\n2,0\n", "at least two classes"),
        ("a,b,c\n1,x,2\n", "--target names one of a, b, c"),
        ("a,y\n1,0\n2\n", "line 3: expected 2 cells as in the first line, got 1"),
        ("a,y\n1,0\nred,1\n", "line 3, column a: expected a number, got 'red'"),
        ("a,y\n1,0\n,1\n", "line 3, column a: expected a number, got ''"),
        ("a,y\n1_0,0\n1,1\n", "column a: expected a number, got '1_0'"),
        ("a,y\n1,0\n2,\n", "line 3: the target is empty"),
        ("a,y\nnan,0\n1,1\n", "must be finite, row 0, column 0"),
        ("a,y\n1e400,0\n1,1\n", "must be finite"),
        ("a,a,y\n1,2,0\n", "two columns have the name 'a'"),
        ("y\n1\n0\n", "no column beside the target"),
        ("a,y\n1,0.5\n2,1.5\n", "--task regression"),
        ("a,y,label\n1,0,1\n", "--target names one of"),
        (b"a,y\n\xff,0\n", "UTF-8"),
        ('a,y\n"1,0\n2,1\n', "line"),
        ("a,y\n1," + "x" * 2000 + "\n", "at most 1000 letters"),
        ("1" * (1 << 24) + ",0\n", "a line has at most"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_its_line(table, text, says):
    with pytest.raises(InputError, match=re.escape(says)):
        open_dataset(table(text))


def test_random_tables_as_python_writes_them(table, tmp_path):
    rng = np.random.default_rng(0)
    for n, k, delimiter in ((1, 1, ","), (7, 3, ";"), (2500, 5, "\t")):
        x, y = rng.normal(0, 1e6, (n, k)), rng.integers(0, 3, n)
        y[: min(2, n)] = [0, 1][: min(2, n)]
        with open(tmp_path / "random.csv", "w", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC)
            writer.writerow([*(f"column {j}" for j in range(k)), "label"])
            writer.writerows([*row, f"class, {label}"] for row, label in zip(x.tolist(), y.tolist(), strict=True))
        found = open_instances(tmp_path / "random.csv", None, Columns("label"))
        np.testing.assert_array_equal(found[:], x)


@pytest.mark.skipif(sys.platform == "win32", reason="tracemalloc of mapped files")
def test_a_long_table_takes_little_memory(table):
    path = table("a,b,y\n" + "1.25,2.5,0\n1.5,3.5,1\n" * 3000)
    tracemalloc.start()
    found = open_dataset(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.train.x) == 6000
    assert peak < 600_000  # the cells alone would take more

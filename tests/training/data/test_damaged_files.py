"""A thousand damaged data files: each is refused in one line, or its damage has changed nothing.

Damage is: bytes lost, added or put in the place of others; in a plain IDX file, whose pixels nothing protects, the last
only in the header. (Another pixel makes another valid file.) The checksums in .gz and .npz cover all their content;
a change that these let pass must leave every number as it was.
"""

import io
import os

import numpy as np
import pytest
from data_files import images, write_pairs

from functional_bp.errors import InputError
from functional_bp.training.data.files import open_dataset

CASES_OF_A_KIND = 125
PLAIN, ZIPPED, STORED, COMPRESSED = "plain IDX", "gzipped IDX", ".npz", ".npz, compressed"


def make(kind, folder):
    """Writes a whole data set; gives its path and the files that it consists of."""
    if kind in (PLAIN, ZIPPED):
        write_pairs(folder, ".gz" if kind == ZIPPED else "")
        return folder, sorted(folder.iterdir())
    folder.mkdir()
    (x, y), (x_test, y_test) = images(30), images(9, seed=1)
    buffer = io.BytesIO()
    save = np.savez if kind == STORED else np.savez_compressed
    save(buffer, x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    (folder / "data.npz").write_bytes(buffer.getvalue())
    return folder / "data.npz", [folder / "data.npz"]


def resized(content, random):
    """Loses the end, some bytes, or all of them, or gets some more somewhere."""
    place, count = random.integers(0, len(content)), random.integers(1, 40)
    more = random.bytes(count)
    changes = [content[:place], b"", content[:place] + content[place + count :], content + more, content + content]
    return [*changes, content[:place] + more + content[place:]][random.integers(0, 6)]


def overwritten(content, random, end):
    """Has other bytes before `end`: one bit, one byte, or some."""
    changed = bytearray(content)
    place, count = random.integers(0, end), random.integers(1, 20)
    choice = random.integers(0, 3)
    if choice == 0:
        changed[place] ^= 1 << random.integers(0, 8)
    elif choice == 1:
        changed[place] = (changed[place] + random.integers(1, 256)) % 256
    else:
        changed[place : min(place + count, end)] = random.bytes(min(count, end - place))
    return bytes(changed)


def attempt(path):
    try:
        return open_dataset(path), ""
    except InputError as error:
        return None, str(error)


def same(found, whole):
    parts = ((getattr(data, part) for data in (found, whole)) for part in ("train", "test"))
    return all(
        np.array_equal(a.x[:], b.x[:]) and a.x.dtype == b.x.dtype and np.array_equal(a.labels, b.labels)
        for a, b in parts
    )


@pytest.mark.parametrize("way", [resized, overwritten], ids=lambda way: way.__name__)
@pytest.mark.parametrize("kind", [PLAIN, ZIPPED, STORED, COMPRESSED])
def test_damage_is_refused_or_without_effect(tmp_path, monkeypatch, kind, way):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # nothing here is about power failures
    path, files = make(kind, tmp_path / "set")
    whole = open_dataset(path)
    random, refused = np.random.default_rng(17), 0
    for case in range(CASES_OF_A_KIND):
        file = files[random.integers(len(files))]
        content = file.read_bytes()
        header = 16 if "images" in file.name else 8
        end = header if kind == PLAIN else len(content)
        damaged = resized(content, random) if way is resized else overwritten(content, random, end)
        file.write_bytes(damaged)
        os.utime(file, ns=(case, case))  # a change within one tick of the clock is seen, too
        found, message = attempt(path)
        file.write_bytes(content)
        if found is None:
            refused += 1
            assert path.name in message
            assert "\n" not in message
        else:
            assert kind != PLAIN or damaged == content
            assert same(found, whole), f"case {case}"
    assert refused > CASES_OF_A_KIND / 2  # a zip file may have more before and after it

"""Small data files for the tests, written by the formats' definitions and not by the library."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np

REAL = Path(os.environ.get("FUNCTIONAL_BP_DATA", Path(__file__).parents[2] / "shared" / "data"))
CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array):
    array = np.asarray(array)
    header = struct.pack(f">HBB{array.ndim}I", 0, CODES[array.dtype.str[1:]], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_idx(path, array):
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def images(n, seed=0, shape=(4, 3)):
    """n images of bytes with labels 0, 1, 2, 0, 1, 2 …"""
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8), (np.arange(n) % 3).astype(np.uint8)


def write_pairs(folder, ending="", train=30, test=9):
    """The four files of a data set like MNIST; gives their arrays."""
    folder.mkdir(exist_ok=True)
    arrays = {"train": images(train), "t10k": images(test, seed=1)}
    for part, (x, labels) in arrays.items():
        write_idx(folder / f"{part}-images-idx3-ubyte{ending}", x)
        write_idx(folder / f"{part}-labels-idx1-ubyte{ending}", labels)
    return arrays

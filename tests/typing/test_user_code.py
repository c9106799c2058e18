"""pyright finds the types of user code, and finds one that is wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PYRIGHT = shutil.which("pyright", path=str(Path(sys.executable).parent))

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PYRIGHT is None, reason="pyright is of the group lint")]


def checked(path):
    return subprocess.run([str(PYRIGHT), "-p", str(HERE.parents[1]), str(path)], capture_output=True, text=True)


def test_no_type_is_any():
    done = checked(HERE / "user_code.py")
    assert done.returncode == 0, done.stdout

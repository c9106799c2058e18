"""What is too large or no formula ends within its limit, in a word and a line; asked in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from claims.known import KNOWN

HERE = Path(__file__).parent


@pytest.mark.slow
def test_everything_ends_in_a_word():
    if "endings" in KNOWN:
        return
    path = os.pathsep.join((str(HERE.parents[2]), str(HERE.parent)))
    report = subprocess.run(
        [sys.executable, "-m", "claims.endings_report", "0.5"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        cwd=HERE.parents[2],
        check=True,
    ).stdout
    assert "claims were asked" in report
    faults = [line for line in report.splitlines() if line.startswith("- ")]
    assert [line for line in faults if f"ending: {line[2:].split(' | ')[0]}" not in KNOWN] == []

"""What is too large or no formula ends within a second of its limit, in a word and a line, each in its own process.

What is measured is processor time, which does not depend on what else the machine does.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.slow
def test_everything_ends_in_a_word():
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
    assert [line for line in report.splitlines() if line.startswith("- ")] == []

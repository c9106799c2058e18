"""Many devices give what one gives. The tests themselves are in eight_devices*.py: JAX settles on its devices once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_on_eight_virtual_devices():
    programs = sorted(Path(__file__).parent.glob("eight_devices*.py"))
    assert len(programs) == 2
    flags = "--xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *programs],
        env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr

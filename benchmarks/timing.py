"""Fair timing: all sides in one process, warmed up, round by round in alternating order."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax


@dataclass(frozen=True)
class Spread:
    """A median between its quartiles."""

    lower: float
    median: float
    upper: float

    @classmethod
    def of(cls, samples: list[float]) -> "Spread":
        return cls(*statistics.quantiles(samples, n=4, method="inclusive"))

    def show(self, scale: float = 1.0) -> str:
        return f"{scale * self.median:.3f} [{scale * self.lower:.3f}, {scale * self.upper:.3f}]"


@dataclass(frozen=True)
class Comparison:
    """Seconds a round of every side. The first side is the one judged, the others are its peers."""

    seconds: dict[str, list[float]]

    def time(self, name: str) -> Spread:
        return Spread.of(self.seconds[name])

    def speed(self, peer: str) -> Spread:
        """The peer's time over the first side's, round by round: above 1 the first side is faster."""
        first = next(iter(self.seconds.values()))
        return Spread.of([theirs / ours for theirs, ours in zip(self.seconds[peer], first, strict=True)])

    def table(self) -> str:
        rows = [("", "milliseconds", "speed of the first against it")]
        rows += [(name, self.time(name).show(1e3), self.speed(name).show()) for name in self.seconds]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)

    def as_json(self) -> dict[str, Any]:
        return {
            name: {"seconds": vars(self.time(name)), "speed_of_first": vars(self.speed(name))} for name in self.seconds
        }


def compare(sides: Mapping[str, Callable[[], Any]], rounds: int = 50, calls: int = 1) -> Comparison:
    """Times every side once a round, `calls` calls each, waiting for their results.

    Each round runs the sides in the reverse of the round before, so that neither always goes first. Two rounds
    of warming up come first and are not counted.
    """
    if rounds < 2 or not sides:
        raise ValueError(f"compare: at least one side and two rounds are needed, got {len(sides)} and {rounds}")
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for counted in [False, False, *[True] * rounds]:
        for name in order:
            elapsed = timed(sides[name], calls)
            if counted:
                seconds[name].append(elapsed)
        order.reverse()
    return Comparison(seconds)


def timed(side: Callable[[], Any], calls: int) -> float:
    """Seconds a call. Sides of other libraries must wait for their own results."""
    start = time.perf_counter()
    for _ in range(calls):
        jax.block_until_ready(side())
    return (time.perf_counter() - start) / calls


def setting(*packages: str) -> dict[str, Any]:
    """Where and with what it was measured."""
    device = jax.devices()[0]
    return {
        "device": f"{device.platform}: {device.device_kind}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("jax", *packages)},
    }


def write_json(path: Path, results: dict[str, Any], *packages: str) -> None:
    path.write_text(json.dumps({"setting": setting(*packages), **results}, indent=2) + "\n")

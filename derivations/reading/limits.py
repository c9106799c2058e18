"""A time limit for what may take long."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TimeOver(Exception):
    """The limit is reached."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TimeOver after so many seconds of the processor's time.

    Only the main thread can be interrupted; another goes on to the end.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def over(number: int, frame: Any) -> None:
        if frame is None or "gc" not in frame.f_code.co_name:  # what is raised while garbage is collected is lost
            raise TimeOver

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, max(seconds, 0.01), 0.25)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)

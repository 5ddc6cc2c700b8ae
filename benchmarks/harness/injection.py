"""Work in a child process that is killed, or refused by the system, at a chosen system call.

The interpreter reports each call of a C function to a profile function. One that kills or raises at
the n-th call of the system stands for a kill or a failing disk there, without rights to trace.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from data_contracts.errors import SteelyardError
from serving.cli.main import mendable_words

MAX_CHILD_SECONDS = 60
MODULES = {"posix", "fcntl", "io", "_io"}
CHANGING_CALLS = {
    "fsync",
    "ftruncate",
    "link",
    "mkdir",
    "open",
    "rename",
    "replace",
    "truncate",
    "unlink",
    "write",
}


@dataclass(frozen=True)
class Fault:
    """A fault at a call of the system.

    Parameters
    ----------
    place
        Number of the call, from 1.
    after
        Whether the call has its effect before the fault.
    error
        Number of the error that it reports; None kills the process.
    """

    place: int
    after: bool
    error: int | None = None


@dataclass(frozen=True)
class Outcome:
    """The end of a child: calls of the system, whether it was killed, its error, its traceback.

    `error` is the text of an error that is expected of a failing system. `traceback` is that of one
    for which the command line has no words, or which came out while an object was removed.
    """

    calls: int
    killed: bool
    error: str = ""
    traceback: str = ""


class _Injector:
    """Profile function that counts calls of the system and brings the fault."""

    def __init__(self, fault: Fault | None, names: set[str] | None) -> None:
        self.fault, self.names, self.calls = fault, names, 0

    def __call__(self, _frame: FrameType, event: str, arg: Any) -> None:
        """Count a call; kill or raise where the fault is."""
        if event not in ("c_call", "c_return") or not self._counts(arg):
            return
        self.calls += event == "c_call"
        fault = self.fault
        if fault and self.calls == fault.place and fault.after == (event == "c_return"):
            if fault.error is None:
                os.kill(os.getpid(), signal.SIGKILL)
            else:
                self.fault = None
                raise OSError(fault.error, os.strerror(fault.error))

    def _counts(self, function: Any) -> bool:
        if self.names is not None and function.__name__ not in self.names:
            return False
        module = function.__module__ or type(function.__self__).__module__
        return module in MODULES


def run_in_child(work: Callable[[], None]) -> Outcome:
    """Run work in a forked child without a fault; its calls are not counted."""
    return _outcome(work, None)


def run_with_fault(
    work: Callable[[], None], fault: Fault | None = None, names: set[str] | None = None
) -> Outcome:
    """Run work in a forked child with a fault, and wait for its end.

    Parameters
    ----------
    work
        Takes and returns nothing; its effects are on disk.
    fault
        None runs it whole and counts its calls.
    names
        Calls of the system that count; all when not given.
    """
    return _outcome(work, _Injector(fault, names))


def _outcome(work: Callable[[], None], injector: _Injector | None) -> Outcome:
    """Run work in a forked child and wait for its end."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _work_and_exit(work, injector, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        report = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        killed = number == signal.SIGKILL
        return Outcome(
            0, killed, traceback="" if killed else f"ended by {signal.strsignal(number)}"
        )
    return Outcome(**pickle.loads(report))  # noqa: S301 - from our own child


def _work_and_exit(work: Callable[[], None], injector: _Injector | None, write_end: int) -> None:
    """Do the work, report, and leave without the clean-up of the parent's interpreter."""
    signal.alarm(MAX_CHILD_SECONDS)
    error, traces = "", []
    sys.unraisablehook = lambda one: traces.append(f"{one.object}: {one.exc_value}")
    with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        sys.setprofile(injector)
        try:
            work()
        except (OSError, SteelyardError) as refused:
            error = str(refused) or type(refused).__name__
            if not isinstance(refused, SteelyardError) and mendable_words(refused) is None:
                traces.append(traceback.format_exc())
        except BaseException:
            traces.append(traceback.format_exc())
        finally:
            sys.setprofile(None)
    calls, trace = injector.calls if injector else 0, "\n".join(traces)
    outcome = {"calls": calls, "killed": False, "error": error, "traceback": trace}
    os.write(write_end, pickle.dumps(outcome))
    os._exit(0)

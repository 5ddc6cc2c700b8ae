"""One pass of the compiled kernels over the minutes of many sessions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import float64, intp, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from features.declaration import Signal

ONE = types.Array(float64, 2, "F")  # minutes of one session, as kernels take them


def run_kernels(
    minutes: np.ndarray, offsets: np.ndarray, signals: tuple[Signal, ...]
) -> np.ndarray:
    """Values of LIVE signals for many sessions, or for one that runs.

    Each column of a session is made contiguous, because kernels read it several times faster.
    Columns of `minutes` that are contiguous already halve the cost.

    Parameters
    ----------
    minutes
        float64, shape (rows, 15), sessions one after another, minutes in order.
    offsets
        First row of each session, and the end; int64, shape (sessions + 1,).
    signals
        The signals whose kernels are run.

    Returns
    -------
    float64, shape (sessions, signals).
    """
    kernels = np.array([_address(s.compute) for s in signals], dtype=np.intp)
    return _pass(minutes, offsets, kernels)


@cache
def _address(kernel: Any) -> int:
    """Address of the compiled code of a kernel in this process."""
    made = kernel.get_compile_result(float64(ONE))
    return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))


@intrinsic
def _call(_typing, _address, one):
    """Run the kernel at an address on one session; its exceptions are raised here.

    Numba takes kernels as arguments too, but then looks up the address of each in Python. This
    takes longer than most kernels.
    """

    def code(context, builder, _signature, args):
        of = context.call_conv.get_function_type(float64, (one,)).as_pointer()
        status, value = context.call_conv.call_function(
            builder, builder.inttoptr(args[0], of), float64, (one,), args[1:]
        )
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return value

    return float64(intp, one), code


@njit(cache=True)
def _pass(minutes, offsets, kernels):
    """Every kernel on every session, session by session, so that its minutes stay in the cache."""
    out = np.empty((len(offsets) - 1, len(kernels)))
    for i in range(len(offsets) - 1):
        one = np.asfortranarray(minutes[offsets[i] : offsets[i + 1]])
        for k in range(len(kernels)):
            # Numba passes the first argument itself.
            out[i, k] = _call(kernels[k], one)  # type: ignore[call-arg]
    return out

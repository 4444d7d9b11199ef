"""What runs inside the forecasting process; the only thing it is told is where its files are."""

import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

from scaler.runtime.clock import SystemClock

_NICEST = 19
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def serve(pipe: Connection, folder: str) -> None:
    """Answer jobs until the pipe is closed, with whatever time nobody else wants.

    An answer is an `Answer`, or what went wrong as text.
    """
    # Whoever stops the service by Ctrl-C stops it, and it stops us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICEST)
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    # These import numpy, which reads the environment.
    from scaler.runtime.forecasts.fitting import foresee  # noqa: PLC0415
    from scaler.runtime.forecasts.keep import Keep  # noqa: PLC0415

    keep = Keep(Path(folder))
    keep.sweep(now=SystemClock().now())
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(foresee(job, keep=keep))
        except Exception as error:  # noqa: BLE001 - the parent has to hear of it, and go on
            pipe.send(f"{type(error).__name__}: {error}")

"""Where work is done: here, in processes of this machine, or on a Dask cluster."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from scaler.errors import ConfigError, Problem

P = ParamSpec("P")
T = TypeVar("T")

_PATIENCE = 10
"""Seconds for a Dask scheduler to answer."""


class Here(Executor):
    """One task after another in this process, when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do the work now."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries whatever its work raised
            future.set_exception(error)
        return future


@contextmanager
def executor(*, jobs: int = 1, scheduler: str | None = None) -> Iterator[Executor]:
    """Yield an executor, and end what it started.

    Args:
        jobs: processes; one is this one.
        scheduler: address of a Dask scheduler, which has workers of its own.

    Raises:
        ConfigError: the scheduler does not answer, or Dask is not installed.
    """
    if scheduler is not None:
        with _cluster(scheduler) as cluster:
            yield cluster
    elif jobs == 1:
        yield Here()
    else:
        with _processes(jobs) as pool:
            yield pool


@contextmanager
def _processes(jobs: int) -> Iterator[Executor]:
    # Forked copies of a process with threads can deadlock.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError as error:
        hint = "pip install 'forescale[dask]'"
        rule = "a Dask scheduler needs an extra"
        raise ConfigError(Problem(path="--scheduler", rule=rule, hint=hint)) from error
    try:
        client = Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        rule = "must be the address of a running Dask scheduler"
        raise ConfigError(Problem(path="--scheduler", rule=rule, value=address)) from error
    with client:
        yield client.get_executor()

"""One workload's trouble is its own, even where it is a fault of ours."""

from collections.abc import Mapping, Sequence

from scaler.config.workload import Workload
from scaler.errors import Defect, ForescaleError, SignalError
from scaler.runtime.history import Answer, History


async def read_apart(
    history: History, workloads: Sequence[Workload], ticks: range
) -> Mapping[Workload, Answer]:
    """What `history` says; where it fails unexpectedly, each workload is read alone.

    Who fails alone has the `Defect` in place of readings, and the others have theirs.

    Raises:
        SignalError: the source gave no answer at all.
    """
    try:
        return await history.read(workloads, ticks)
    except ForescaleError:
        raise
    except Exception as error:  # noqa: BLE001 - the loop must go on
        if len(workloads) == 1:
            return {workloads[0]: Defect(error)}
    return {workload: await _alone(history, workload, ticks) for workload in workloads}


async def _alone(history: History, workload: Workload, ticks: range) -> Answer:
    try:
        return (await read_apart(history, [workload], ticks)).get(workload, ())
    except SignalError as error:
        return error

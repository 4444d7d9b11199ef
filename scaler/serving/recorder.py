"""Keeps what was asked and answered: durations for `/metrics`, answers for the record."""

from collections.abc import Callable

import attrs

from scaler.runtime.board import Published
from scaler.serving.served import Served
from scaler.telemetry import Telemetry


@attrs.frozen(kw_only=True)
class Recorder:
    """The audience of the KEDA servicer. `now` is in Unix seconds."""

    telemetry: Telemetry
    served_log: Served
    now: Callable[[], int]

    def answered(self, method: str, *, code: str, seconds: float) -> None:
        """One call ended."""
        self.telemetry.rpc(method, code, seconds)

    def served(self, published: Published) -> None:
        """KEDA was given the target of this decision."""
        at, key = self.now(), published.workload.key
        self.telemetry.polled(key.namespace, key.name, at=at)
        self.served_log.record(published, at=at)

"""What the protocol needs from the rest of the service."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Protocol

from scaler.config.workload import Workload
from scaler.errors import ConfigError
from scaler.pb import externalscaler_pb2 as pb
from scaler.runtime.board import Published

Understand = Callable[[str, str, Mapping[str, str]], Workload]
"""Namespace, name and trigger metadata to a workload; raises `ConfigError`."""

REMEMBERED = 20_000
"""Twice the workloads that one service is made for."""


class Answers(Protocol):
    """Whoever has the decisions. Touches no network while it answers."""

    def standing(self, workload: Workload) -> Published | None:
        """What can be said at once; None for a new workload, which `answer` waits for.

        Raises:
            UnknownWorkload: its source has not answered yet.
            DecisionExpired: nothing true can be said any more.
        """
        ...

    async def answer(self, workload: Workload) -> Published:
        """What can be said now, whose target is a number; for a new workload after a first look.

        Raises:
            UnknownWorkload: nothing was decided for it in the time that a first look may take.
            DecisionExpired: nothing true can be said any more.
        """
        ...

    async def wait_active(
        self, workload: Workload, *, known: bool | None, within: float
    ) -> bool | None:
        """Whether it is active, as soon as that differs from `known`, at the latest `within` s.

        Only the newest state counts: what changes and changes back meanwhile is never seen. None,
        after the whole time, where nothing true can be said.
        """
        ...


class Audience(Protocol):
    """Is told what was asked and answered, for metrics and for the record."""

    def answered(self, method: str, *, code: str, seconds: float) -> None:
        """One call ended."""
        ...

    def served(self, published: Published) -> None:
        """KEDA was given the target of this decision."""
        ...


class Metadata:
    """Understood metadata, remembered by content: asking again costs a look-up.

    Mistakes are remembered too, because KEDA asks four times for each.
    """

    def __init__(self, understand: Understand, *, size: int = REMEMBERED) -> None:
        self._understand = understand
        self._size = size
        self._known: OrderedDict[bytes, Workload | ConfigError] = OrderedDict()

    def workload(self, ref: pb.ScaledObjectRef) -> Workload:
        """The workload that a ScaledObject asks for.

        Raises:
            ConfigError: its metadata cannot be understood.
        """
        # Twice as fast as a set of the metadata, and this is asked with every call.
        content = ref.SerializeToString(deterministic=True)
        found = self._known.get(content)
        if found is None:
            found = self._remember(content, self._attempt(ref))
        else:
            self._known.move_to_end(content)
        if isinstance(found, ConfigError):
            # A raised error drags the frames of its caller along: the remembered one is not raised.
            raise ConfigError(*found.problems)
        return found

    def _attempt(self, ref: pb.ScaledObjectRef) -> Workload | ConfigError:
        try:
            return self._understand(ref.namespace, ref.name, dict(ref.scalerMetadata))
        except ConfigError as error:
            return ConfigError(*error.problems)

    def _remember(self, content: bytes, found: Workload | ConfigError) -> Workload | ConfigError:
        self._known[content] = found
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return found

"""The API server as a source among others: how long its answers take, and how many fail."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Protocol

from scaler.cluster.api import Api, ApiTrouble
from scaler.cluster.objects import Object

SOURCE = "kubernetes"
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_ANSWERS = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Statuses that say something true: it is not there, or no longer."""


class Meter(Protocol):
    """Whoever owns the exported metrics implements it. Called from several threads."""

    def observe(self, source: str, seconds: float, error: str | None) -> None:
        """Count one question to `source` that took `seconds`; `error` is why it failed, if so."""
        ...


class Metered:
    """Counts every question. Implements `Api`.

    A watch is none: how long it lasts says nothing, and where it breaks a question follows.
    """

    def __init__(self, api: Api, *, meter: Meter, now: Callable[[], float]) -> None:
        self._api = api
        self._meter = meter
        self._now = now

    def get(self, path: str, **query: str) -> Object:
        """One object or one page of a list."""
        began, error = self._now(), None
        try:
            return self._api.get(path, **query)
        except ApiTrouble as trouble:
            error = _reason(trouble.status)
            raise
        finally:
            self._meter.observe(SOURCE, max(0.0, self._now() - began), error)

    def watch(self, path: str, *, seconds: int, **query: str) -> Iterator[Object]:
        """Events, until the server ends the watch."""
        return self._api.watch(path, seconds=seconds, **query)


def _reason(status: int) -> str | None:
    if status in _ANSWERS:
        return None
    return "forbidden" if status in _REFUSED else "unavailable"

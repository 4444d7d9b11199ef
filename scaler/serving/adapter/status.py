"""Refusals as an API server says them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from scaler.errors import ForescaleError

Document = dict[str, Any]

_REASONS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "BadRequest",
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.NOT_FOUND: "NotFound",
    HTTPStatus.METHOD_NOT_ALLOWED: "MethodNotAllowed",
    HTTPStatus.SERVICE_UNAVAILABLE: "ServiceUnavailable",
}


class Refused(ForescaleError):
    """There is no answer; `code` is the HTTP status that says whose fault it is.

    An HPA that is refused holds its replicas. An answer of 0 would make it end them.
    """

    def __init__(self, code: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.code = code


def unknown(message: str) -> Refused:
    """Nothing of that name is there."""
    return Refused(HTTPStatus.NOT_FOUND, message)


def malformed(message: str) -> Refused:
    """It was asked for in a way that has no one answer."""
    return Refused(HTTPStatus.BAD_REQUEST, message)


def silent(message: str) -> Refused:
    """It is there, and nothing true can be said of it now."""
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, message)


def status(code: int, message: str) -> Document:
    """A `Status`, which clients of Kubernetes make their error of."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(code, "InternalError"),
        "code": int(code),
    }

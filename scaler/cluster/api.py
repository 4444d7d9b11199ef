"""What is asked of the Kubernetes API: one page, one watch, and of commands one write."""

from collections.abc import Iterator
from typing import Protocol

from scaler.cluster.objects import Object
from scaler.errors import ForescaleError


class ApiTrouble(ForescaleError):
    """The API server gave no answer. `status` is 0 where it was not even reached."""

    def __init__(self, message: str, *, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class Api(Protocol):
    """What is asked of the API server."""

    def get(self, path: str, **query: str) -> Object:
        """One object or one page of a list.

        Raises:
            ApiTrouble: there is no good answer.
        """
        ...

    def watch(self, path: str, *, seconds: int, **query: str) -> Iterator[Object]:
        """Events until the server ends the watch, within `seconds`.

        Raises:
            ApiTrouble: there is no good answer.
        """
        ...


class Writer(Api, Protocol):
    """What is asked of the API server by commands that change something; the service never does."""

    def write(self, method: str, path: str, item: Object) -> Object:
        """Create (POST), replace (PUT) or delete (DELETE) an object.

        Raises:
            ApiTrouble: there is no good answer.
        """
        ...

"""The objects of one kind, kept as the API server has them, by a watch in a thread."""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Generic, TypeVar

import structlog

from scaler.cluster.api import Api, ApiTrouble
from scaler.cluster.objects import Object

T = TypeVar("T")
Place = tuple[str, str]
"""Namespace and name."""

PAGE = "500"
WATCH = 60
"""Seconds that one watch lasts: one that broke without a word is noticed at its end."""
QUIET = 90.0
"""Seconds without a word after which what is known counts as old."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
FORBIDDEN_WAIT = 60.0

log = structlog.get_logger()


class Collection(Generic[T]):
    """What is under `path`, each object understood once.

    What was known last stands while the API server says nothing; `trouble` says why it does not,
    `absent` whether because it knows no such kind.
    An object that cannot be understood is left out, and named in the log.
    """

    def __init__(
        self,
        path: str,
        *,
        api: Api,
        understand: Callable[[Object], T],
        now: Callable[[], float],
        fields: str = "",
    ) -> None:
        """Know nothing yet; `fields` is a selector of fields, where not all of them are wanted."""
        self.path = path
        self.trouble = "not read yet"
        self.absent = False
        self._query = {"fieldSelector": fields} if fields else {}
        self._api = api
        self._understand = understand
        self._now = now
        self._heard_at = 0.0
        self._known: dict[Place, T] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._read = threading.Event()
        self._tried = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {path}", daemon=True)

    def start(self) -> None:
        """Begin to list and watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer; the thread ends with its present wait, which may be a watch's end."""
        self._over.set()

    def until_tried(self, seconds: float) -> bool:
        """Wait until a list came or was refused once, for so long at most; say whether one came."""
        self._tried.wait(seconds)
        return self.read

    @property
    def read(self) -> bool:
        """Whether there was a whole list once: before, nothing is known."""
        return self._read.is_set()

    @property
    def stale(self) -> bool:
        """Whether what is known is old."""
        return bool(self.trouble) or self._now() - self._heard_at > QUIET

    def get(self, place: Place) -> T | None:
        """One object as it was known last."""
        with self._lock:
            return self._known.get(place)

    def all(self) -> Mapping[Place, T]:
        """Every object as it was known last."""
        with self._lock:
            return dict(self._known)

    def _run(self) -> None:
        wait = FIRST_WAIT
        while not self._over.is_set():
            try:
                version = self._list()
                wait = FIRST_WAIT
                while not self._over.is_set():
                    version = self._follow(version)
            except ApiTrouble as trouble:
                self._complain(trouble)
                self._over.wait(_pause(trouble, wait=wait))
                wait = min(2 * wait, LONGEST_WAIT)
            except Exception:
                log.exception("watch_failed", path=self.path)
                self.trouble = "a fault of our own"
                self._over.wait(LONGEST_WAIT)

    def _complain(self, trouble: ApiTrouble) -> None:
        gone = trouble.status == HTTPStatus.GONE
        self.absent = trouble.status == HTTPStatus.NOT_FOUND
        if not gone and str(trouble) != self.trouble:
            log.warning("cluster_not_heard", path=self.path, error=str(trouble))
        # A version that the server no longer has is no outage: a new list follows at once.
        self.trouble = self.trouble if gone else str(trouble)
        self._tried.set()

    def _list(self) -> str:
        """Read everything anew, and return the version to watch from."""
        found: dict[Place, T] = {}
        page = self._api.get(self.path, limit=PAGE, **self._query)
        while True:
            for item in page.get("items", ()):
                self._take(found, item)
            following = page["metadata"].get("continue")
            if not following:
                break
            page = self._api.get(self.path, **{"limit": PAGE, "continue": following, **self._query})
        with self._lock:
            self._known = found
        self._hear()
        self._read.set()
        self._tried.set()
        return str(page["metadata"]["resourceVersion"])

    def _follow(self, version: str) -> str:
        """Watch once, and return the version to go on from."""
        events = self._api.watch(
            self.path,
            seconds=WATCH,
            resourceVersion=version,
            allowWatchBookmarks="true",
            **self._query,
        )
        for event in events:
            if self._over.is_set():
                break
            self._hear()
            version = self._apply(event)
        self._hear()
        return version

    def _apply(self, event: Object) -> str:
        kind, item = event["type"], event["object"]
        if kind == "ERROR":
            code = item.get("code", 0)
            raise ApiTrouble(f"{self.path}: {code} {item.get('message', '')}", status=code)
        with self._lock:
            if kind == "DELETED":
                self._known.pop(_place(item), None)
            elif kind != "BOOKMARK":
                self._take(self._known, item)
        return str(item["metadata"]["resourceVersion"])

    def _take(self, known: dict[Place, T], item: Object) -> None:
        try:
            known[_place(item)] = self._understand(item)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            known.pop(_place(item), None)
            log.warning("object_not_understood", place="/".join(_place(item)), error=str(error))

    def _hear(self) -> None:
        if self.trouble:
            self.trouble, self.absent = "", False
            log.info("cluster_heard", path=self.path)
        self._heard_at = self._now()


def _place(item: Object) -> Place:
    meta = item["metadata"]
    return meta.get("namespace", ""), meta["name"]


def _pause(trouble: ApiTrouble, *, wait: float) -> float:
    """How long to wait: what the server asks for, longer where only a person can help."""
    if trouble.status == HTTPStatus.GONE:
        return 0.0
    if trouble.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        return FORBIDDEN_WAIT
    return trouble.retry_after or wait

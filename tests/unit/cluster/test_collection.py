"""A watch that goes on through everything an API server does."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scaler.cluster.api import ApiTrouble
from scaler.cluster.collection import QUIET, Collection
from scaler.cluster.objects import ScaledObject, scaled_object
from tests.patience import PATIENCE
from tests.unit.cluster.world import FakeApi, Object, event, listed, scaled_item

PATH = "/apis/keda.sh/v1alpha1/scaledobjects"
PLACE = ("models", "llama")


class Watching:
    """A collection and a signal for each object that it understood."""

    def __init__(self, api: FakeApi) -> None:
        self.now = 0.0
        self._understood = threading.Semaphore(0)
        self.collection = Collection(
            PATH, api=api, understand=self._understand, now=lambda: self.now
        )

    def _understand(self, item: Object) -> ScaledObject:
        self._understood.release()
        return scaled_object(item)

    def until_understood(self, objects: int) -> None:
        for _ in range(objects):
            assert self._understood.acquire(timeout=PATIENCE)
        # The lock is held while an object is put in its place.
        self.collection.all()

    def known(self) -> set[str]:
        return {name for _, name in self.collection.all()}


@contextmanager
def watching(api: FakeApi) -> Iterator[Watching]:
    found = Watching(api)
    found.collection.start()
    try:
        assert api.watched.wait(PATIENCE)
        yield found
    finally:
        found.collection.stop()
        api.events[PATH].put(None)


def api_with(*items: Object) -> FakeApi:
    return FakeApi(objects={PATH: listed(*items)}, events={PATH: queue.Queue()})


def test_a_list_in_pages_is_read_whole() -> None:
    api = api_with()
    api.objects[PATH] = listed(scaled_item("a"), following="next")
    api.objects[f"{PATH}?next"] = listed(scaled_item("b"))

    with watching(api) as found:
        assert {"a", "b"} == found.known()


def test_changes_are_taken_in_as_they_come() -> None:
    api = api_with(scaled_item())

    with watching(api) as found:
        found.until_understood(1)
        api.events[PATH].put(event("ADDED", scaled_item("other")))
        api.events[PATH].put(event("DELETED", scaled_item()))
        api.events[PATH].put(event("ADDED", scaled_item("last")))
        found.until_understood(2)

        assert {"other", "last"} == found.known()


def test_a_watch_that_ends_goes_on_from_where_it_was() -> None:
    api = api_with(scaled_item())

    with watching(api) as found:
        bookmark = {"metadata": {"resourceVersion": "77"}}
        api.events[PATH].put(event("BOOKMARK", bookmark))
        api.events[PATH].put(None)
        api.events[PATH].put(event("ADDED", scaled_item("after")))
        found.until_understood(2)

        watches = [query for path, query in api.asked if path == f"{PATH}?watch"]
        assert ["1", "77"] == [query["resourceVersion"] for query in watches]


def test_a_version_that_is_gone_is_listed_anew_at_once() -> None:
    api = api_with(scaled_item())

    with watching(api) as found:
        api.objects[PATH] = listed(scaled_item("anew"))
        gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
        api.watched.clear()
        api.events[PATH].put(event("ERROR", gone))
        assert api.watched.wait(PATIENCE)

        assert {"anew"} == found.known()


def test_what_was_known_stands_while_the_server_is_away() -> None:
    api = api_with(scaled_item())

    with watching(api) as found:
        found.now = QUIET + 1

        assert found.collection.stale
        assert {"llama"} == found.known()


def test_a_refusal_at_first_is_tried_again() -> None:
    api = api_with(scaled_item())
    api.troubles[PATH] = [ApiTrouble("slow down", status=429, retry_after=0.01)]

    with watching(api) as found:
        assert {"llama"} == found.known()
        assert "" == found.collection.trouble


def test_an_object_that_cannot_be_understood_is_left_out_and_others_are_not() -> None:
    broken = {"metadata": {"namespace": "models", "name": "broken", "resourceVersion": "2"}}

    with watching(api_with(broken, scaled_item())) as found:
        assert {"llama"} == found.known()

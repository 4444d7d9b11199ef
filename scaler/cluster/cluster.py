"""Follows workloads: a thread looks at each one's `/scale`, and watches bring the rest."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from scaler.cluster.api import Api, ApiTrouble
from scaler.cluster.collection import Collection, Place
from scaler.cluster.facts import Facts, understood
from scaler.cluster.followed import Followed
from scaler.cluster.objects import Hpa, ScaledObject, Target, hpa, scaled_object
from scaler.cluster.pods import LeadTime, Pod, pod
from scaler.cluster.selector import parse

SCALED_OBJECTS = "/apis/keda.sh/v1alpha1/scaledobjects"
HPAS = "/apis/autoscaling/v2/horizontalpodautoscalers"
LOOKERS = 4
FIRST_LOOK = 1.0
"""Seconds that the first look at a workload may take: somebody is waiting for an answer."""
FORGET_AFTER = 3600
"""Seconds after which a workload that nobody reads is no longer looked at."""

log = structlog.get_logger()


class Cluster:
    """Everything that the API server says about the workloads that somebody asked for.

    Nothing here is waited for but a first look: what is not known is not there, and what was known
    last stands. `every` is in seconds.
    """

    def __init__(self, api: Api, *, now: Callable[[], float], every: int) -> None:
        self.api = api
        self._now = now
        self._every = every
        self._scaled = Collection(SCALED_OBJECTS, api=api, understand=scaled_object, now=now)
        self._hpas = Collection(HPAS, api=api, understand=hpa, now=now)
        self._pods: dict[str, Collection[Pod]] = {}
        self._followed: dict[Place, Followed] = {}
        self._asked: dict[Place, float] = {}
        self._declared: dict[Place, Target] = {}
        self._paths: dict[tuple[str, str], str] = {}
        self._scaling: Mapping[tuple[str, Target | None], str] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._troubles: dict[Place, str] = {}
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        # Threads of its own: others, such as name resolution, are not to wait for a hung server.
        self._lookers = ThreadPoolExecutor(max_workers=LOOKERS, thread_name_prefix="cluster")

    def start(self) -> None:
        """Begin to watch."""
        self._scaled.start()
        self._hpas.start()
        self._thread.start()

    def stop(self) -> None:
        """Look no longer."""
        self._over.set()
        self._lookers.shutdown(wait=False, cancel_futures=True)
        self._scaled.stop()
        self._hpas.stop()
        for pods in list(self._pods.values()):
            pods.stop()

    async def follow(self, places: Mapping[Place, Target | None]) -> None:
        """See to it that these are looked at from now on, and once before this returns if need be.

        A place is the namespace and name of a ScaledObject. Where there is none, as without KEDA,
        the target is looked at that is declared here.
        """
        wanted = places.keys()
        with self._lock:
            new = wanted - self._followed.keys()
            self._followed |= {place: Followed() for place in new}
            self._asked |= dict.fromkeys(wanted, self._now())
            self._declared |= {place: target for place, target in places.items() if target}
        if new:
            loop = asyncio.get_running_loop()
            looks = [loop.run_in_executor(self._lookers, self._first_look, each) for each in new]
            await asyncio.wait(looks, timeout=FIRST_LOOK)

    def facts(self, place: Place, *, at: int, within: int) -> Facts | None:
        """What was seen at `at`, or up to `within` seconds before; None where nothing was."""
        followed = self._followed.get(place)
        return followed.at(at, within=within) if followed else None

    def latest(self, place: Place, *, within: int) -> Facts | None:
        """What was seen last, if that is no longer ago than `within` seconds."""
        return self.facts(place, at=int(self._now()), within=within)

    def last(self, place: Place) -> Facts | None:
        """What was seen last, however old."""
        followed = self._followed.get(place)
        return followed.last if followed else None

    def lead_time(self, place: Place) -> LeadTime | None:
        """How long replicas of this workload take to start, as far as starts were seen."""
        followed = self._followed.get(place)
        return followed.lead_time if followed else None

    def scaled_object(self, place: Place) -> ScaledObject | None:
        """The ScaledObject as it was known last."""
        return self._scaled.get(place)

    def hpa(self, place: Place) -> Hpa | None:
        """The HPA that KEDA made of it, else the one of what is declared; as it was known last."""
        known = self._scaled.get(place)
        name = known.hpa if known else self._scaling.get((place[0], self._declared.get(place)), "")
        return self._hpas.get((place[0], name))

    def rivals(self, place: Place) -> tuple[str, ...]:
        """Other ScaledObjects that scale the same target."""
        known = self._scaled.all()
        mine = known.get(place)
        return tuple(
            sorted(
                other.name
                for at, other in known.items()
                if mine and at != place and at[0] == place[0] and other.target == mine.target
            )
        )

    def trouble(self, place: Place) -> str:
        """Why what is known of this one is old; empty while it is not."""
        unheard = "" if self._scaled.absent else self._scaled.trouble
        return unheard or self._troubles.get(place, "")

    def pods_of(self, namespace: str) -> Collection[Pod]:
        """The pods of a namespace, watched from the first question on."""
        with self._lock:
            if namespace not in self._pods:
                path = f"/api/v1/namespaces/{namespace}/pods"
                watch = Collection(path, api=self.api, understand=pod, now=self._now)
                self._pods[namespace] = watch
                watch.start()
            return self._pods[namespace]

    def _run(self) -> None:
        while not self._over.is_set():
            self._note_hpas()
            for place in self._places():
                if self._over.is_set():
                    return
                self._look_safely(place)
            self._over.wait(self._every)

    def _places(self) -> list[Place]:
        """Whom somebody still asks for; the others are forgotten."""
        with self._lock:
            for place, asked in list(self._asked.items()):
                if self._now() - asked > FORGET_AFTER:
                    del self._asked[place]
                    self._declared.pop(place, None)
                    self._followed.pop(place, None)
                    self._troubles.pop(place, None)
            return list(self._followed)

    def _first_look(self, place: Place) -> None:
        self._scaled.until_tried(FIRST_LOOK)
        self.pods_of(place[0]).until_tried(FIRST_LOOK)
        if not self._scaling and self._hpas.until_tried(FIRST_LOOK):
            self._note_hpas()
        self._look_safely(place)

    def _note_hpas(self) -> None:
        """Which HPA scales what, for those that no ScaledObject names."""
        self._scaling = {
            (namespace, each.target): name
            for (namespace, name), each in self._hpas.all().items()
            if each.target
        }

    def _look_safely(self, place: Place) -> None:
        """Look; whoever cannot be seen has a trouble, and others go on."""
        try:
            trouble = self._look(place)
        except ApiTrouble as error:
            trouble = str(error)
        except (KeyError, TypeError, ValueError) as error:
            trouble = f"what the API server says cannot be understood: {error!r}"
        if trouble != self._troubles.get(place, ""):
            log.warning("workload_not_seen", workload="/".join(place), error=trouble)
        self._troubles[place] = trouble

    def _look(self, place: Place) -> str:
        """Take in what is there now; say why nothing was."""
        target = self._target(place)
        if target is None:
            return self._scaled.trouble or "there is no such ScaledObject"
        namespace = place[0]
        pods = self.pods_of(namespace)
        if not pods.read or pods.stale:
            return pods.trouble or "nothing was heard of pods for a while"
        item = self.api.get(self._scale_path(namespace, target))
        found = understood(item, kind=target.kind)
        selector = parse(found.selector)
        mine = [each for each in pods.all().values() if selector.selects(each.labels)]
        followed = self._followed.get(place)
        if followed:
            followed.see(found, pods=mine, at=int(self._now()))
        return ""

    def _target(self, place: Place) -> Target | None:
        """What is scaled; None while nobody says, and while ScaledObjects could not be read."""
        known = self._scaled.get(place)
        if known is not None:
            return known.target
        return self._declared.get(place) if self._scaled.read or self._scaled.absent else None

    def _scale_path(self, namespace: str, target: Target) -> str:
        plural = self._plural(target)
        root = "apis" if "/" in target.api_version else "api"
        return f"/{root}/{target.api_version}/namespaces/{namespace}/{plural}/{target.name}/scale"

    def _plural(self, target: Target) -> str:
        """What the kind is called in paths, which the API server is asked once."""
        kind = (target.api_version, target.kind)
        if kind not in self._paths:
            root = "apis" if "/" in target.api_version else "api"
            listed = self.api.get(f"/{root}/{target.api_version}")
            self._paths[kind] = _plural(listed, target)
        return self._paths[kind]


def _plural(listed: Mapping[str, object], target: Target) -> str:
    resources = listed.get("resources")
    for each in resources if isinstance(resources, list) else ():
        if each["kind"] == target.kind and "/" not in each["name"]:
            return str(each["name"])
    raise ApiTrouble(f"{target.api_version} has no kind {target.kind}")

"""A workload whose need is a dial's value: what Forescale answers is then known to the replica."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from tests.e2e.processes import PATIENCE
from tests.e2e.rig import Rig
from tests.e2e.workload import Workload
from tests.integration.service.forescale import Forescale

_ASKED = re.compile(r"^forescale_rpc_duration_seconds_count\{(.*)\} (\S+)$", re.MULTILINE)


def settings(prometheus: str) -> Mapping[str, Any]:
    """Of a service that looks every second at a Prometheus that scrapes every second."""
    return {
        "evaluationInterval": "1s",
        "settle": "2s",
        "sources": {"default": {"url": prometheus, "scrapeInterval": "1s"}},
    }


def dialed(workload: Workload, **metadata: str) -> Mapping[str, str]:
    """Trigger metadata: as many replicas as the dial says, without any damping of ours."""
    mine = f'namespace="{workload.namespace}",name="{workload.name}"'
    return {
        "engine": "custom",
        "requestsQuery": f"sum(dial{{{mine}}})",
        "requestsPerReplica": "1",
        "capacity": "fixed",
        "headroom": "1",
        "utilization": "off",
        "forecast": "disabled",
        "leadTime": "2s",
        "scaleUpWindow": "0s",
        "scaleDownWindow": "0s",
        "scaleUpPolicies": "1000/15s",
        "scaleDownPolicies": "1000/15s",
        "staleAfter": "10s",
        "holdFor": "1m",
        "idleAfter": "10s",
        "maxReplicas": "50",
        **metadata,
    }


async def turn(land: Rig, workload: Workload, value: float) -> None:
    """Turn the workload's dial."""
    await land.turn(workload.namespace, workload.name, value=value)


async def asked(service: Forescale, times: int) -> None:
    """Return once KEDA got so many numbers more from the service."""
    await answered(service, await _answers(service) + times)


async def answered(service: Forescale, goal: float) -> None:
    """Return once KEDA got so many numbers from the service since its start."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await _answers(service) >= goal:
                return
            await asyncio.sleep(0.2)


async def _answers(service: Forescale) -> float:
    _, page = await service.get("/metrics")
    return sum(
        float(count)
        for labels, count in _ASKED.findall(page)
        if 'method="GetMetrics"' in labels and 'code="OK"' in labels
    )

"""What each engine exposes, as data. Adding an engine is one row here and one test."""

from collections.abc import Mapping

from scaler.signals.catalog.huggingface import TEI, TGI
from scaler.signals.catalog.metric import Row
from scaler.signals.catalog.nvidia import DYNAMO, NIM, TENSORRT_LLM, TRITON
from scaler.signals.catalog.ray_serve import RAY_SERVE
from scaler.signals.catalog.sglang import SGLANG
from scaler.signals.catalog.vllm import VLLM

CUSTOM = Row(engine="custom")
"""Nothing but the user's own queries."""

_TABLE = (VLLM, SGLANG, TGI, TEI, TRITON, TENSORRT_LLM, DYNAMO, NIM, RAY_SERVE, CUSTOM)

ROWS: Mapping[str, Row] = {row.engine: row for row in _TABLE}

"""Which addresses trigger metadata may name by itself.

A pattern is a scheme, a host that may begin with `*.`, a port and a path prefix. Everything but the
leading `*.` is compared literally: an address that differs in a port is another server.
"""

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


def allowed(address: str, *, patterns: Iterable[str]) -> bool:
    """Whether one of `patterns` permits `address`; both are known to be http addresses."""
    parts = urlsplit(address)
    return any(_matches(parts, pattern=urlsplit(pattern)) for pattern in patterns)


def _matches(parts: SplitResult, *, pattern: SplitResult) -> bool:
    same = parts.scheme == pattern.scheme and _port(parts) == _port(pattern)
    return same and _host(parts, pattern=pattern) and _path(parts, pattern=pattern)


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)


def _host(parts: SplitResult, *, pattern: SplitResult) -> bool:
    host, wanted = parts.hostname or "", pattern.hostname or ""
    return host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted


def _path(parts: SplitResult, *, pattern: SplitResult) -> bool:
    prefix = pattern.path.rstrip("/")
    inside = parts.path == prefix or parts.path.startswith(f"{prefix}/")
    # A path that climbs may leave its prefix on the other side.
    return (not prefix or inside) and "/.." not in parts.path and "%" not in parts.path

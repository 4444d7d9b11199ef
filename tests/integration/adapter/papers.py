"""Who is who before the adapter: authorities of users and of the front proxy, and whom they signed.

All of it is made once: each certificate is a process of its own.
"""

import shutil
import ssl
from pathlib import Path

import attrs

from scaler.config.settings import AdapterTls
from scaler.serving.adapter.frontproxy import FrontProxy
from tests.integration.serving.certificates import Authority, Identity


@attrs.frozen(kw_only=True)
class Papers:
    """The front proxy before and after its authority was replaced, and others."""

    servers: Authority
    server: Identity
    renewed: Identity
    front: Authority
    proxy: Identity
    impostor: Identity
    """Of the front proxy's authority, by another name."""
    next_front: Authority
    next_proxy: Identity
    users: Authority
    user: Identity

    def client(self, identity: Identity | None) -> ssl.SSLContext:
        """What a client that shows this certificate, or none, goes by."""
        context = ssl.create_default_context(cafile=str(self.servers.identity.cert))
        if identity:
            context.load_cert_chain(identity.cert, identity.key)
        return context


def papers(folder: Path) -> Papers:
    servers, front = Authority(folder, name="servers"), Authority(folder, name="front")
    next_front, users = Authority(folder, name="next"), Authority(folder, name="users")
    return Papers(
        servers=servers,
        server=servers.sign("server"),
        renewed=servers.sign("renewed"),
        front=front,
        proxy=front.sign("proxy"),
        impostor=front.sign("impostor"),
        next_front=next_front,
        next_proxy=next_front.sign("next-proxy"),
        users=users,
        user=users.sign("proxy-by-name", group="system:masters"),
    )


def believing(authority: Authority, *names: str) -> FrontProxy:
    """The front proxy as the cluster would describe it."""
    return FrontProxy(
        authority=authority.identity.cert.read_text(),
        names=frozenset(names),
        user_headers=("X-Remote-User",),
    )


def put(identity: Identity, folder: Path) -> AdapterTls:
    """Make this the adapter's identity, as a mounted Secret changes: each file at once."""
    for source, name in ((identity.cert, "tls.crt"), (identity.key, "tls.key")):
        fresh = folder / f"{name}.new"
        shutil.copy(source, fresh)
        fresh.rename(folder / name)
    return AdapterTls(cert=str(folder / "tls.crt"), key=str(folder / "tls.key"))

"""TLS of the adapter: its certificate, and the one authority whose clients it hears.

Only the front proxy's authority is trusted. With the authority of users beside it, every user could
say to be anybody.
"""

import ssl
from collections.abc import Callable

import structlog

from scaler.config.files import stamps
from scaler.config.settings import AdapterTls
from scaler.errors import ConfigError, Problem

log = structlog.get_logger()


class Context(ssl.SSLContext):
    """What one handshake goes by; `authority` is whose clients it hears, in PEM."""

    authority: str = ""


class Listening:
    """The context to listen with; every handshake goes by certificate and authority as they are.

    A client without a certificate is let in, to be told that it is not answered; one with a
    certificate of anybody else is refused by the handshake.
    """

    def __init__(self, tls: AdapterTls, *, authority: Callable[[], str]) -> None:
        """Read the files.

        Raises:
            ConfigError: they cannot be used.
        """
        self._tls = tls
        self._names = (tls.cert, tls.key)
        self._authority = authority
        try:
            self._stamps = stamps(self._names)
            self._newest = self._made("")
        except (OSError, ValueError) as error:
            rule = f"certificate and key cannot be used: {error}"
            raise ConfigError(Problem(path="adapter.tls", rule=rule)) from error
        self.context = _empty()
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _old: ssl.SSLContext) -> None:
        """Called within each handshake, whether the client names a server or not."""
        try:
            seen = stamps(self._names)
            if (seen, self._authority()) != (self._stamps, self._newest.authority):
                self._newest = self._made(self._authority())
                log.info("adapter_certificates_read", path=self._tls.cert)
            self._stamps = seen
        except (OSError, ValueError) as error:
            # Half of a rotation, most likely: the next handshake looks again.
            log.warning("certificate_not_reloaded", error=str(error))
        connection.context = self._newest

    def _made(self, authority: str) -> Context:
        context = _empty()
        context.load_cert_chain(self._tls.cert, self._tls.key)
        if authority:
            context.load_verify_locations(cadata=authority)
        context.authority = authority
        return context


def _empty() -> Context:
    context = Context(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_OPTIONAL
    # A resumed session would be one of a client that is no longer trusted.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context

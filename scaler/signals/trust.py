"""Whom a source's connections trust and who they are, read anew when the files change."""

import ssl

import structlog

from scaler.config.files import Stamps, stamps
from scaler.config.sources import ClientTls

log = structlog.get_logger()


class Trust:
    """The TLS context for new connections to one source, known by `name`."""

    def __init__(self, name: str, tls: ClientTls | None) -> None:
        self._name = name
        self._tls = tls
        self._stamps: Stamps | None = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext | bool:
        """The context by the files as they are; without settings, what the system trusts.

        Where files were changed and cannot be used, the context from before goes on.

        Raises:
            OSError: the files cannot be used, and never could.
        """
        if self._tls is None:
            return True
        try:
            seen = stamps((self._tls.ca, self._tls.cert, self._tls.key))
            if self._context is None or seen != self._stamps:
                self._context = _context(self._tls)
                self._stamps = seen
        except OSError as error:
            if self._context is None:
                raise
            # Half of a rotation, most likely: the next query looks again.
            log.warning("certificate_not_reloaded", source=self._name, error=str(error))
        return self._context


def _context(tls: ClientTls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key)
    return context

"""The server's identity, re-read when its files change, without losing a call."""

import ssl
from pathlib import Path

import grpc
import structlog

from scaler.config.files import stamps
from scaler.config.settings import ServerTls
from scaler.errors import ConfigError, Problem

log = structlog.get_logger()


def credentials(tls: ServerTls) -> grpc.ServerCredentials:
    """Credentials that look at the files again with every handshake.

    Raises:
        ConfigError: the files cannot be used.
    """
    try:
        files = Files(tls)
    except (OSError, ValueError) as error:
        rule = f"certificate and key cannot be used: {error}"
        raise ConfigError(Problem(path="grpc.tls", rule=rule)) from error
    return grpc.dynamic_ssl_server_credentials(
        files.configuration,
        files.changed,  # type: ignore[arg-type]
        require_client_authentication=tls.client_ca is not None,
    )


class Files:
    """The files of one identity, and what was last read of them."""

    def __init__(self, tls: ServerTls) -> None:
        self._tls = tls
        self._names = (tls.cert, tls.key, tls.client_ca)
        self._stamps = stamps(self._names)
        self.configuration = self._read()

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The new identity if the files changed and can be used; None to go on with the old one.

        Called from threads of gRPC, before each handshake.
        """
        try:
            seen = stamps(self._names)
            if seen == self._stamps:
                return None
            self.configuration = self._read()
        except (OSError, ValueError) as error:
            # Half of a rotation, most likely: the next handshake looks again.
            log.warning("certificate_not_reloaded", error=str(error))
            return None
        self._stamps = seen
        log.info("certificate_reloaded", path=self._tls.cert)
        return self.configuration

    def _read(self) -> grpc.ServerCertificateConfiguration:
        # gRPC would accept a key that does not belong to the certificate and fail each handshake.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._tls.cert, self._tls.key)
        client_ca = self._tls.client_ca
        return grpc.ssl_server_certificate_configuration(
            [(Path(self._tls.key).read_bytes(), Path(self._tls.cert).read_bytes())],
            root_certificates=Path(client_ca).read_bytes() if client_ca else None,
        )

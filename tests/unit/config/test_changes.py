"""What a running service cannot take up is named by its key."""

import pytest

from scaler.config.changes import until_restart
from scaler.config.settings import (
    Adapter,
    AdapterTls,
    Grpc,
    Log,
    LogLevel,
    Ops,
    ServerTls,
    Settings,
)

TLS = ServerTls(cert="c.pem", key="k.pem")
ADAPTER = Adapter(tls=AdapterTls(cert="c.pem", key="k.pem"))


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (Settings(), Settings(), []),
        (Settings(), Settings(settle=60, freeze=True, log=Log(level=LogLevel.DEBUG)), []),
        (Settings(), Settings(ops=Ops(address=":1"), state="/data"), ["ops.address", "state"]),
        (Settings(), Settings(grpc=Grpc(connection_age=60)), ["grpc.connectionAge"]),
        (Settings(), Settings(grpc=Grpc(tls=TLS)), ["grpc.tls"]),
        (Settings(), Settings(adapter=ADAPTER), ["adapter"]),
        (
            Settings(grpc=Grpc(tls=TLS)),
            Settings(grpc=Grpc(tls=ServerTls(cert="d.pem", key="k.pem", client_ca="ca.pem"))),
            ["grpc.tls.cert", "grpc.tls.clientCa"],
        ),
    ],
)
def test_keys_that_need_a_restart(before: Settings, after: Settings, named: list[str]) -> None:
    assert named == until_restart(before, after)

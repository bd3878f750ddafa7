"""A PostgreSQL server of its own in a temporary folder, where the programs of one are installed."""

import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path


def programs():
    """Folder of ``initdb`` and ``pg_ctl``, None where there is none."""
    found = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    initdb = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *found]))
    return Path(initdb).resolve().parent if initdb else None


def _as_owner():
    """The server refuses to run as root: there another user owns it."""
    if os.geteuid() != 0:
        return {}
    try:
        return {"user": pwd.getpwnam("postgres").pw_name, "group": pwd.getpwnam("postgres").pw_gid}
    except KeyError:
        return {"user": "nobody"}


class Server:
    """A running server; ``run`` calls its programs, ``url`` leads to one of its databases."""

    def __init__(self, folder):
        self.folder = folder
        self._data = folder / "data"

    def run(self, program, *arguments):
        command = [str(programs() / program), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
            **_as_owner(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def url(self, database):
        return f"postgresql+psycopg://rushes@/{database}?host={self.folder}"

    def create(self, database, template="template0"):
        self.run("createdb", "-h", str(self.folder), "-U", "rushes", "-T", template, database)

    def start(self):
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self._data), "-o", options, "-l", log, "-w", "start")

    def stop(self, how="fast"):
        self.run("pg_ctl", "-D", str(self._data), "-m", how, "-w", "stop")


@contextmanager
def postgres_server(folder):
    """A server in ``folder``, which must have a short path (sockets) and may be given to another user."""
    server = Server(folder)
    if os.geteuid() == 0:
        shutil.chown(folder, **_as_owner())
    server.run("initdb", "-D", str(folder / "data"), "-U", "rushes", "-A", "trust", "-E", "UTF8", "--no-sync")
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")

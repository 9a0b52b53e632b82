"""A bench from start to end: world, page, and the line that says where it is. Owns their order."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import waitress

from hub.config import DEFAULT_BROKER_PORT, HubConfig, is_loopback
from hub.process.ports import PortTaken, holder_of
from simulators.errors import SimulatorsError
from simulators.ports import bound
from simulators.tester_bench.bench import TesterBench
from simulators.tester_bench.feed import STREAMS_MAX
from simulators.tester_bench.live_site import USUAL, LiveSite, Opened, join_site, open_site
from simulators.tester_bench.playing import own_folder
from simulators.tester_bench.recorder import Recorder
from simulators.tester_bench.remote import Running, say_where
from simulators.tester_bench.web import BenchPage, create_app
from simulators.tester_bench.world_plan import WorldPlan

DEFAULT_PORT: Final = 8_090
SPARE_THREADS: Final = 8
"""Beside those that hold streams: acts wait for their tones."""
LOCAL_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")


class BeyondLoopback(SimulatorsError):
    code = "BEYOND_LOOPBACK"

    def __init__(self, listen: str) -> None:
        self.listen = listen
        super().__init__(
            f"Whoever reaches {listen} could kill this hub. Say --beyond-loopback if that is meant."
        )


class Place(NamedTuple):
    """Where the page listens, and where the world lies."""

    listen: str = "127.0.0.1"
    port: int | None = 0
    """0: any that is free; None: the usual one, or any other while somebody has it."""
    data: Path | None = None
    join: Path | None = None
    broker_port: int | None = None
    beyond_loopback: bool = False


def serve(plan: WorldPlan, place: Place, say: Callable[[str], None]) -> None:
    """Until Ctrl-C or SIGTERM. Raises BeyondLoopback, PortTaken before anything is started."""
    if not is_loopback(place.listen) and not place.beyond_loopback:
        raise BeyondLoopback(place.listen)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        listening(place, say) as waiting, own_folder(place.data) as folder,
        _opened(plan, folder, place, say) as opened,
    ):  # fmt: skip
        page = make_page(opened.site, place, plan)
        server = serving(page, waiting)
        port = int(waiting.getsockname()[1])
        _welcome(page, place, port, opened.password, say)
        where = say_where(Running(place.listen, port, page.key))
        try:
            server.run()  # until it is interrupted
        finally:
            say("\nEnding everything …")
            where.unlink(missing_ok=True)
            page.close()
            server.close()


@contextmanager
def _opened(
    plan: WorldPlan, folder: Path, place: Place, say: Callable[[str], None]
) -> Iterator[Opened]:
    say("Filling a warehouse, starting hub, broker and handhelds …")
    if place.join is None:
        opened = open_site(plan, folder, USUAL)
    else:
        opened = _joined(plan, place.join, place)
    try:
        yield opened
    finally:
        opened.site.close()


def _joined(plan: WorldPlan, folder: Path, place: Place) -> Opened:
    port = place.broker_port or DEFAULT_BROKER_PORT
    return join_site(plan, HubConfig(folder=str(folder), broker_port=port).check())


def make_page(site: LiveSite, place: Place, plan: WorldPlan) -> BenchPage:
    """The page of a live bench, its recorder and its feed."""
    bench = TesterBench(site)

    def phase_of(device: str) -> str:
        hardware = site.devices[device]
        return hardware.kept().state.phase if hardware.switches.is_on else ""

    return BenchPage(
        bench, Recorder(plan, site.now_s, phase_of), site.tap,
        hosts=frozenset({*LOCAL_NAMES, place.listen, socket.gethostname()}),
        needs_key=not is_loopback(place.listen), hub_page=site.config.page_url,
    )  # fmt: skip


def listening(place: Place, say: Callable[[str], None]) -> socket.socket:
    """The page's own port, taken before anything else is begun: two benches never want the same.

    Raises PortTaken, which names who has a port that was asked for.
    """
    if place.port is None:
        with contextlib.suppress(OSError):
            return _listen(place.listen, DEFAULT_PORT)
        say(f"Port {DEFAULT_PORT} is taken by {holder_of(DEFAULT_PORT)}; here is another.")
    try:
        return _listen(place.listen, place.port or 0)
    except OSError as wrong:
        if not place.port:
            raise
        raise PortTaken(place.port, holder_of(place.port)) from wrong


def _listen(host: str, port: int) -> socket.socket:
    taken = bound(host, port)
    taken.listen()
    return taken


def serving(page: BenchPage, waiting: socket.socket) -> Any:
    """A server that has yet to `run`."""
    return waitress.create_server(
        create_app(page), sockets=[waiting], threads=STREAMS_MAX + SPARE_THREADS, ident=None,
        channel_request_lookahead=1,  # tells streams that their browser has hung up
    )  # fmt: skip


def _welcome(
    page: BenchPage, place: Place, port: int, password: str | None, say: Callable[[str], None]
) -> None:
    key = f"?key={page.key}" if page.needs_key else ""
    say(f"\n  The bench:      http://{place.listen}:{port}/{key}")
    say(f"  The hub's page: {page.hub_page}")
    if password is not None:
        say(f"  Log in there as  admin  with the one-time password  {password}")
    say("\nCtrl-C ends everything that was started here.\n")

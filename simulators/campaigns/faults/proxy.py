"""A TCP way to the broker whose weather can be changed: cut, silent, slow, late, doubled, swapped.

Owns sockets, and one thread for all links of a network. A link is made for each device, so that
each has weather of its own. The methods of Network and Link may be called from any thread.

    with Network("127.0.0.1", 18830, Random(7)) as network:
        link = network.add("h1")            # the device connects to 127.0.0.1, link.port
        link.weather = Weather(delay_s=0.2, twice=0.1)
        link.weather = FINE
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from random import Random
from types import TracebackType
from typing import Any, Final, TypeVar

import msgspec

from simulators.campaigns.faults.mischief import Mischief

T = TypeVar("T")

READ_BYTES: Final = 65_536
PIECES_UNDER_WAY_MAX: Final = 64
"""Beyond this a slow link makes its sender wait, as TCP does."""
HELD_BACK_S: Final = 0.3
"""A packet that was to be overtaken goes on after this if nothing overtakes it."""
CALL_S: Final = 60.0
"""So long may the network's thread take for what it is asked; it only bounds a hang."""
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST instead of FIN."""


class Weather(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a link does to what passes."""

    is_cut: bool = False
    """Connections are reset, and new ones too as soon as they are made."""
    is_silent_up: bool = False
    """Nothing passes towards the broker, and nobody is told; it passes when the weather clears."""
    is_silent_down: bool = False
    delay_s: float = 0.0
    """One way."""
    jitter_s: float = 0.0
    """So much more at most; the order stays."""
    bytes_per_s: int = 0
    """0: without limit."""
    twice: float = 0.0
    """Share of PUBLISH packets that arrive twice."""
    swapped: float = 0.0
    """Share of PUBLISH packets that arrive after the next one."""
    reset_every_s: float = 0.0
    """As when roaming from one access point to the next; 0: never."""


FINE: Final = Weather()
SILENT: Final = Weather(is_silent_up=True, is_silent_down=True)


class Link:
    """One device's way to the broker. Made by `Network.add`."""

    def __init__(self, network: Network, name: str, chance: Random) -> None:
        self.name, self._network, self._chance = name, network, chance
        self.port = 0
        """Where the device connects, on the address that the network listens on."""
        self._weather = FINE
        self._changed = asyncio.Event()
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._roaming: asyncio.Task[None] | None = None
        self.resets = self.doubled = self.swapped = 0
        """What happened on it so far."""

    @property
    def weather(self) -> Weather:
        return self._weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        """From now on; returns once the link has taken it up."""
        self._network.call(self._take_up, weather)

    def reset(self) -> None:
        """Break every connection of this moment."""
        self._network.call(self._reset)

    # ── in the network's thread ──────────────────────────────────────────────────────────

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accepted, self._network.listen, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._take_up(FINE)
        await self._reset()

    async def _take_up(self, weather: Weather) -> None:
        self._weather = weather
        self._changed.set()
        self._changed = asyncio.Event()
        if self._roaming is not None:
            self._roaming.cancel()
            self._roaming = None
        if weather.is_cut:
            await self._reset()
        if weather.reset_every_s:
            self._roaming = asyncio.create_task(self._roam(weather.reset_every_s))

    async def _roam(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._reset()

    async def _reset(self) -> None:
        for connection in list(self._connections):
            self.resets += 1
            connection.break_off()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, writer, self._chance)
        if self._weather.is_cut:
            self.resets += 1
            connection.break_off()
            return
        self._connections.add(connection)
        try:
            await connection.serve(reader, self._network.target)
        finally:
            self._connections.discard(connection)
            self.doubled += connection.doubled
            self.swapped += connection.swapped

    async def until_passable(self, is_up: bool) -> Weather:
        """Wait as long as this direction is silent; the weather that then holds."""
        while self._weather.is_silent_up if is_up else self._weather.is_silent_down:
            await self._changed.wait()
        return self._weather


class _Connection:
    """A device's connection and the broker's, and what is under way between them."""

    def __init__(self, link: Link, device: asyncio.StreamWriter, chance: Random) -> None:
        self._link, self._device, self._chance = link, device, chance
        self._broker: asyncio.StreamWriter | None = None
        self._up, self._down = Mischief(chance), Mischief(chance)

    @property
    def doubled(self) -> int:
        return self._up.doubled + self._down.doubled

    @property
    def swapped(self) -> int:
        return self._up.swapped + self._down.swapped

    async def serve(self, from_device: asyncio.StreamReader, target: tuple[str, int]) -> None:
        """Until one side ends; then both do."""
        try:
            from_broker, self._broker = await asyncio.open_connection(*target)
        except OSError:
            self.break_off()
            return
        _without_delay(self._device)
        _without_delay(self._broker)
        ways = (
            self._carry(from_device, self._broker, self._up, is_up=True),
            self._carry(from_broker, self._device, self._down, is_up=False),
        )
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._device.close()
            self._broker.close()

    def break_off(self) -> None:
        """RST to both sides: what is under way is lost."""
        for side in (self._device, self._broker):
            sock = side.get_extra_info("socket") if side is not None else None
            if side is None or sock is None:
                continue
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            side.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mischief: Mischief,
        *, is_up: bool,
    ) -> None:  # fmt: skip
        """One direction: what is read now is written when its time has come."""
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PIECES_UNDER_WAY_MAX)
        delivering = asyncio.create_task(self._deliver(way, writer, mischief, is_up))
        due = 0.0
        try:
            while came := await reader.read(READ_BYTES):
                weather = self._link.weather
                lag_s = weather.delay_s + weather.jitter_s * self._chance.random()
                due = max(due, asyncio.get_running_loop().time() + lag_s)
                await way.put((due, came))
            await way.put((due, b""))
            await delivering
        except OSError:
            return
        finally:
            delivering.cancel()

    async def _deliver(
        self, way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter,
        mischief: Mischief, is_up: bool,
    ) -> None:  # fmt: skip
        loop = asyncio.get_running_loop()
        while True:
            try:
                due, piece = await asyncio.wait_for(way.get(), HELD_BACK_S)
            except TimeoutError:
                writer.write(mischief.release())
                continue
            if not piece:
                return
            await asyncio.sleep(max(0.0, due - loop.time()))
            weather = await self._link.until_passable(is_up)
            out = mischief.pass_on(piece, twice=weather.twice, swapped=weather.swapped)
            writer.write(out)
            await writer.drain()
            if weather.bytes_per_s:
                await asyncio.sleep(len(out) / weather.bytes_per_s)


def _without_delay(writer: asyncio.StreamWriter) -> None:
    """The proxy must not add Nagle's 40 ms to a link in fine weather."""
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Network:
    """All links to one broker, and the thread that moves their bytes."""

    def __init__(self, host: str, port: int, chance: Random, listen: str = "127.0.0.1") -> None:
        self.target, self.listen = (host, port), listen
        self._chance = chance
        self.links: dict[str, Link] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._thread.start()

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def add(self, name: str) -> Link:
        """A link in fine weather."""
        link = self.links[name] = Link(self, name, Random(self._chance.random()))
        self.call(link.open)
        return link

    def call(self, do: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Have something done in the network's thread, and wait for it."""

        async def run() -> T:
            return await do(*arguments)

        future: Future[T] = asyncio.run_coroutine_threadsafe(run(), self._loop)
        return future.result(CALL_S)

    def close(self) -> None:
        """End every connection, and the thread."""
        for link in self.links.values():
            self.call(link.close)
        self.call(_end_tasks)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()


async def _end_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)

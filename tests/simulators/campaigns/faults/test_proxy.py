"""The link between device and broker, in every weather: real sockets, no broker needed."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from simulators.bench import mqtt_packets as mqtt
from simulators.campaigns.faults.proxy import FINE, SILENT, Link, Network, Weather
from simulators.ports import free_port

HELLO = mqtt.connect("h1", "secret")
PATIENCE_S = 120.0
"""Far beyond anything that works: it only bounds a hang."""


class Echo:
    """A server that says back what it hears."""

    def __init__(self) -> None:
        self.heard: queue.Queue[bytes] = queue.Queue()
        """As it came, in pieces."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(one,), daemon=True).start()

    def _echo(self, one: socket.socket) -> None:
        try:
            with one:
                while came := one.recv(65_536):
                    self.heard.put(came)
                    one.sendall(came)
        except OSError:
            return

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.close()


@pytest.fixture
def link(echo: Echo) -> Iterator[Link]:
    with Network("127.0.0.1", echo.port, Random(7)) as network:
        yield network.add("h1")


@contextmanager
def connected(link: Link) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", link.port), PATIENCE_S) as made:
        yield made


def heard(made: socket.socket, count: int) -> bytes:
    out = b""
    while len(out) < count and (came := made.recv(65_536)):
        out += came
    return out


def takes_nobody(link: Link) -> bool:
    """Whether a new connection is reset, be it while it is made or right after."""
    try:
        with connected(link) as made:
            return is_broken(made)
    except ConnectionResetError:
        return True


def is_broken(made: socket.socket) -> bool:
    try:
        return made.recv(1) == b""
    except ConnectionResetError:
        return True


def test_in_fine_weather_it_is_not_there(link: Link):
    with connected(link) as made:
        made.sendall(HELLO * 1_000)
        assert heard(made, len(HELLO) * 1_000) == HELLO * 1_000


def test_a_cut_link_resets_and_takes_nobody_until_it_is_restored(link: Link):
    with connected(link) as made:
        made.sendall(HELLO)
        heard(made, len(HELLO))
        link.weather = Weather(is_cut=True)
        assert is_broken(made)
    assert takes_nobody(link)
    link.weather = FINE
    with connected(link) as made:
        made.sendall(HELLO)
        assert heard(made, len(HELLO)) == HELLO


def test_a_silent_link_breaks_nothing_and_brings_everything_afterwards(link: Link):
    with connected(link) as made:
        made.sendall(HELLO)
        heard(made, len(HELLO))
        link.weather = SILENT
        made.sendall(mqtt.PINGREQ)
        made.settimeout(0.05)
        with pytest.raises(TimeoutError):
            made.recv(1)
        made.settimeout(PATIENCE_S)
        link.weather = FINE
        assert heard(made, 2) == mqtt.PINGREQ


def test_only_one_direction_may_be_silent(link: Link, echo: Echo):
    with connected(link) as made:
        made.sendall(HELLO)
        heard(made, len(HELLO))
        link.weather = Weather(is_silent_down=True)
        made.sendall(mqtt.PINGREQ)
        while not echo.heard.get(timeout=PATIENCE_S).endswith(mqtt.PINGREQ):
            continue
        made.settimeout(0.05)
        with pytest.raises(TimeoutError):
            made.recv(1)
        link.weather = Weather(is_silent_up=True)
        made.settimeout(PATIENCE_S)
        assert heard(made, 2) == mqtt.PINGREQ


def test_a_reset_breaks_the_connections_of_this_moment_alone(link: Link):
    with connected(link) as made:
        made.sendall(HELLO)
        heard(made, len(HELLO))
        link.reset()
        assert is_broken(made)
    with connected(link) as made:
        made.sendall(HELLO)
        assert heard(made, len(HELLO)) == HELLO
    assert link.resets == 1


def test_events_are_doubled_on_both_ways(link: Link):
    event = mqtt.publish(mqtt.text("evt"), b"one", 1)
    with connected(link) as made:
        made.sendall(HELLO)
        heard(made, len(HELLO))
        link.weather = Weather(twice=1.0)
        made.sendall(event)
        assert heard(made, len(event) * 4) == event * 4


def test_a_broker_that_is_away_is_a_broken_connection():
    with Network("127.0.0.1", free_port(), Random(1)) as network:
        assert takes_nobody(network.add("h1"))

"""Ports that are given away once, though many ask at the same time."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

from simulators.ports import LOOPBACK, bound, free_port

MANY = 200


def test_no_port_is_given_twice_though_nobody_has_begun_to_listen():
    with ThreadPoolExecutor(8) as askers:
        found = list(askers.map(lambda _n: free_port(), range(MANY)))
    assert len(set(found)) == MANY
    others = [bound(LOOPBACK, 0) for _ in range(MANY)]
    assert not {other.getsockname()[1] for other in others} & set(found)
    for other in others:
        other.close()


def test_whoever_was_given_a_port_can_listen_there():
    with bound(LOOPBACK, free_port()) as server:
        server.listen(1)
        with socket.create_connection(server.getsockname()):
            assert server.accept()


def test_a_wanted_port_is_given_unless_somebody_listens_there():
    wanted = free_port()
    assert free_port(wanted) == wanted
    with bound(LOOPBACK, wanted) as other:
        other.listen(1)
        assert free_port(wanted) not in {wanted, 0}

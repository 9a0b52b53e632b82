"""Ports and addresses of this machine: free or not, whose, and how others reach us. Reads only."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
from pathlib import Path
from typing import Final

from hub.errors import HubError

EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what somebody may listen on
SIOCGIFADDR: Final = 0x8915
"""The address of an interface: netdevice(7)."""
INNER_INTERFACES: Final = ("docker", "br-", "veth", "virbr")
LISTENING: Final = "0A"
"""The state column of /proc/net/tcp."""


class PortTaken(HubError):
    code = "PORT_TAKEN"

    def __init__(self, port: int, holder: str) -> None:
        self.port, self.holder = port, holder
        super().__init__(f"Port {port} is taken by {holder}. Stop that, or choose another port.")


class NotOurAddress(HubError):
    code = "NOT_OUR_ADDRESS"

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            f"This machine has no address {address}; listen on one that it has, or on 0.0.0.0."
        )


def refuse_foreign(address: str) -> None:
    """Raises NotOurAddress when nothing here can listen there; takes no port of anybody's."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trying:
            trying.bind(place)
    except (OSError, UnicodeError) as error:
        raise NotOurAddress(address) from error


def refuse_taken(port: int) -> None:
    """Raises PortTaken when something on this machine listens there."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as asking:
            asking.settimeout(0.5)
            if asking.connect_ex((host, port)) == 0:
                raise PortTaken(port, holder_of(port))


def holder_of(port: int) -> str:
    """Name and number of the process that listens on a port, as far as we may look."""
    inodes = _listening_inodes(port)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for link in (folder / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(link.readlink()) in inodes:
                        return f"{(folder / 'comm').read_text().strip()} (process {folder.name})"
    return "another program"


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found


def own_addresses() -> list[str]:
    """Addresses of this machine by which others may reach it, the likeliest first; needs no
    network, and in one without a way out finds those of its interfaces.
    """
    found = [*_routed_addresses(), *_interface_addresses()]
    return list(dict.fromkeys(found))


def _routed_addresses() -> list[str]:
    """By which it would speak to the world."""
    found = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((target, 9))
                found.append(str(asking.getsockname()[0]))
        except OSError:
            continue
    return found


def _interface_addresses() -> list[str]:
    """IPv4 of every interface that is up, but those of containers and virtual machines."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _number, name in socket.if_nameindex():
            if name.startswith(("lo", *INNER_INTERFACES)):
                continue
            with contextlib.suppress(OSError):
                request = struct.pack("256s", name.encode()[:15])
                answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, request)
                found.append(socket.inet_ntoa(answer[20:24]))
    return found

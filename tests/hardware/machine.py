"""A virtual machine with a real kernel and nothing else, emulated by QEMU. Owns its life.

Emulated in software: acceleration needs rights, and on a host that is virtual itself it may be
there and not work. USB devices and keys come from outside through `qmp`; `bench` is what happens
inside.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from edge.scanners.keymap import KEY_ENTER
from tests.hardware.bench import Bench, Event, pressed, typed
from tests.hardware.guest import WIRE
from tests.hardware.image import write_image
from tests.hardware.kernel import Kernel, NoKernel, prepared_kernel
from tests.hardware.qmp import Qmp

PROGRAM: Final = "qemu-system-x86_64"
BOOT_TIMEOUT_S: Final = 180
MEMORY_MIB: Final = 512
LOG_LINES_SHOWN: Final = 30
KEY_PAUSE_S: Final = 0.02
"""QEMU's keyboard keeps 16 events; a scanner too waits until each report was fetched."""
KERNEL_LINE: Final = (
    "console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check "
    "random.trust_cpu=on tsc=unstable cryptomgr.notests"
)


class NoMachine(Exception):
    """The virtual machine cannot run here, or did not come up; the sentence says why."""


class Machine:
    """One boot. `bench` works inside, `qmp` on the metal."""

    def __init__(self, folder: Path, kernel: Kernel) -> None:
        self._folder = folder
        self._log = folder / "console.log"
        self._sockets: list[socket.socket] = []
        self._plugged: set[str] = set()
        self._process = subprocess.Popen(
            self._command(kernel, _image(folder, kernel)), stderr=subprocess.PIPE
        )
        try:
            self.bench = self._booted()
            self.serial_wire = self._connected("cable")
            self.qmp = Qmp(folder / "qmp")
        except BaseException:
            self.stop()
            raise

    @classmethod
    def boot(cls) -> Self:
        """Raises NoMachine, NoKernel."""
        if sys.platform != "linux" or shutil.which(PROGRAM) is None:
            raise NoMachine(f"{PROGRAM} is missing: requirements/setup.sh hardware installs it.")
        kernel = prepared_kernel()
        return cls(Path(tempfile.mkdtemp(prefix="binlight-machine-")), kernel)

    @contextmanager
    def plugged(self, kind: str, name: str, **options: str) -> Iterator[None]:
        """A USB device that is on the bus meanwhile."""
        self.plug(kind, name, **options)
        try:
            yield
        finally:
            self.unplug(name)

    def plug(self, kind: str, name: str, **options: str) -> None:
        """A USB device on the bus."""
        self._plugged.add(name)
        self.qmp.run("device_add", driver=kind, id=name, bus="usb.0", **options)

    def unplug(self, name: str) -> None:
        """Pull it out; nothing happens if it is out."""
        if name in self._plugged:
            self._plugged.discard(name)
            self.qmp.unplug(name)

    def press_keys(self, text: str) -> None:
        """Each key of a US keyboard down and up, ended with Enter, on the USB keyboard."""
        for event in [*typed(text), *pressed(KEY_ENTER)]:
            self.qmp.run("input-send-event", events=[_key_event(event)])
            time.sleep(KEY_PAUSE_S)

    def stop(self) -> None:
        """Switch it off; its folder goes with it."""
        self._process.kill()
        self._process.communicate()
        for each in self._sockets:
            each.close()
        shutil.rmtree(self._folder)

    def _command(self, kernel: Kernel, image: Path) -> Sequence[str]:
        return [
            PROGRAM,
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-machine", "pc,accel=tcg", "-cpu", "max", "-m", str(MEMORY_MIB)),
            *("-kernel", str(kernel.image), "-initrd", str(image), "-append", KERNEL_LINE),
            *("-serial", f"file:{self._log}"),
            *("-qmp", self._listener("qmp", "unix:{path},server=on,wait=off")),
            *("-chardev", self._listener("wire", "socket,id=wire,path={path},server=on,wait=on")),
            *(
                "-device",
                "virtio-serial-pci",
                "-device",
                f"virtserialport,chardev=wire,name={WIRE}",
            ),
            *(
                "-chardev",
                self._listener("cable", "socket,id=cable,path={path},server=on,wait=off"),
            ),
            *("-device", "qemu-xhci,id=usb"),
        ]

    def _listener(self, name: str, form: str) -> str:
        return form.format(path=self._folder / name)

    def _booted(self) -> Bench:
        wire = self._connected("wire")
        wire.settimeout(BOOT_TIMEOUT_S)
        try:
            return Bench(wire.makefile("rb"), wire.makefile("wb"))
        except TimeoutError as late:
            raise self._not_up(f"was not ready within {BOOT_TIMEOUT_S} s") from late
        except OSError as ended:
            raise self._not_up("ended before it was ready") from ended

    def _not_up(self, what: str) -> NoMachine:
        return NoMachine(f"The virtual machine {what}. The end of its console:\n{self._console()}")

    def _connected(self, name: str) -> socket.socket:
        """QEMU listens a moment after it started, or ends and says why."""
        path = self._folder / name
        while self._process.poll() is None:
            try:
                made = socket.socket(socket.AF_UNIX)
                made.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError):
                made.close()
                continue
            self._sockets.append(made)
            return made
        assert self._process.stderr is not None
        raise NoMachine(f"{PROGRAM} ended: {self._process.stderr.read().decode().strip()}")

    def _console(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-LOG_LINES_SHOWN:])


def _key_event(event: Event) -> dict[str, Any]:
    """QEMU numbers the main keys as the kernel does."""
    _, code, value = event
    key = {"type": "number", "data": code}
    return {"type": "key", "data": {"down": bool(value), "key": key}}


def _image(folder: Path, kernel: Kernel) -> Path:
    image = folder / "image.cpio"
    with image.open("wb") as stream:
        write_image(stream, kernel)
    return image


__all__ = ["Machine", "NoKernel", "NoMachine"]

"""The near end of the workbench: the acts as methods, whatever kernel they happen on.

Owns how an act becomes a line and how an answer becomes a value or a refusal. `machine` gives one
whose far end is in a virtual machine, `here` one that is a child process on this kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO, Final

import msgspec

from edge.scanners.contract import Reading, ScannerFault
from edge.scanners.keymap import EV_KEY, KEY_DOWN, KEY_ENTER, KEY_UP
from protocols.barcodes import RawScan
from tests.contracts.scanner_rigs import keys_for
from tests.hardware.workbench import Answer, Refusal

PATIENCE_S: Final = 60
"""An emulated machine on a busy one is slow; nothing waits that long when all is well."""
Event = tuple[int, int, int]


class Refused(Exception):
    """One of our own errors, met at the far end."""

    def __init__(self, refusal: Refusal) -> None:
        self.kind, self.code, self.text = refusal.kind, refusal.code, refusal.text
        super().__init__(f"{refusal.kind}: {refusal.text}")


class Bench:
    """One far workbench. The acts are described there."""

    def __init__(self, lines: BinaryIO, out: BinaryIO) -> None:
        self._lines, self._out = lines, out
        self._answer()

    def plug_keyboard(self, name: str, **kind: int) -> str:
        node: str = self._do("plug_keyboard", name=name, **kind)
        return node

    def unplug_keyboard(self, name: str) -> None:
        self._do("unplug_keyboard", name=name)

    def send(self, name: str, events: Iterable[Event], pause_ms: int = 0) -> None:
        self._do("send", name=name, events=list(events), pause_ms=pause_ms)

    def type(self, name: str, *texts: str, pause_ms: int = 0) -> None:
        """Each text as a US keyboard types it, ended with Enter."""
        events = [event for text in texts for event in [*typed(text), *pressed(KEY_ENTER)]]
        self.send(name, events, pause_ms)

    def open_keyboard(self, scanner: str, within_s: float = 0, **options: Any) -> None:
        self._do("open", scanner=scanner, driver="evdev", options=options, within_s=within_s)

    def open_serial(self, scanner: str, within_s: float = 0, **options: Any) -> None:
        self._do("open", scanner=scanner, driver="serial", options=options, within_s=within_s)

    def open_as_nobody(self, driver: str, **options: Any) -> None:
        self._do("open_as_nobody", driver=driver, options=options)

    def read(self, scanner: str, count: int = 1, within_s: float = PATIENCE_S) -> list[Reading]:
        told = self._do("read", scanner=scanner, count=count, within_s=within_s)
        return [_reading(reading) for reading in told]

    def close(self, scanner: str) -> None:
        self._do("close", scanner=scanner)

    def watch(self, port: str, driver: str, **options: Any) -> None:
        self._do("port", port=port, driver=driver, options=options)

    def turn(self, port: str, now_ms: int, within_s: float = 0) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self._do("turn", port=port, now_ms=now_ms, within_s=within_s)
        return told

    def close_port(self, port: str) -> None:
        self._do("close_port", port=port)

    def wait_for_keyboard(self, **options: Any) -> None:
        """Until the kernel has it."""
        self.open_keyboard("awaited", within_s=PATIENCE_S, **options)
        self.close("awaited")

    def watch_console(self) -> None:
        self._do("watch_console")

    def console_text(self, until: str) -> str:
        text: str = self._do("console_text", until=until, within_s=PATIENCE_S)
        return text

    def start_agent(self, config: str, folder: str) -> None:
        self._do("start_agent", config=config, folder=folder)

    def screen_that_says(self, words: str) -> dict[str, Any]:
        screen: dict[str, Any] = self._do("screen_that_says", words=words, within_s=3 * PATIENCE_S)
        return screen

    def stop_agent(self) -> int:
        status: int = self._do("stop_agent")
        return status

    def _do(self, act: str, **told: Any) -> Any:
        self._out.write(msgspec.json.encode({"act": act, "told": told}) + b"\n")
        self._out.flush()
        return self._answer()

    def _answer(self) -> Any:
        line = self._lines.readline()
        if not line:
            raise ConnectionError("the workbench has ended")
        answer = msgspec.json.decode(line, type=Answer)
        if answer.refusal is not None:
            raise Refused(answer.refusal)
        return answer.gave


def pressed(*codes: int) -> list[Event]:
    """Held down in this order, let go in the other."""
    downs = [(EV_KEY, code, KEY_DOWN) for code in codes]
    return [*downs, *((EV_KEY, code, KEY_UP) for code in reversed(codes))]


def typed(text: str) -> list[Event]:
    """The keys of a US keyboard."""
    return [event for char in text for event in pressed(*keys_for(char))]


def _reading(told: dict[str, Any]) -> Reading:
    return msgspec.convert(told, ScannerFault if "code" in told else RawScan)

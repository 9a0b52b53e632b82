"""Key events to scanned text. Owns the US key map and the state of Shift, Ctrl, Alt and Caps Lock.

A scanner in keyboard mode is read as a US keyboard, whatever the console is set to; one that types
for another country is refused by name wherever a scan proves it (`protocols.barcodes.layouts`). No
devices and no clock: events in, scans and faults out. A scan ends at its terminator key, never
after a pause. Codes are those of Linux' input-event-codes.h, which never change.
"""

from __future__ import annotations

from typing import Final

from edge.scanners.contract import Reading, ScannerFault
from edge.scanners.makers import UNKNOWN_MAKER, Maker
from protocols.barcodes.classify import BARCODE_CHARS_MAX
from protocols.barcodes.errors import WrongKeyboardLayout
from protocols.barcodes.keyboards import ALTGR, LITERAL, PLAIN, SHIFTED, Stroke
from protocols.barcodes.layouts import keyboards_behind, name_of
from protocols.barcodes.scans import RawScan

EV_SYN, EV_KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
KEY_UP, KEY_DOWN, KEY_REPEATED = 0, 1, 2

KEY_TAB, KEY_ENTER, KEY_KPENTER = 15, 28, 96
KEY_CAPSLOCK, KEY_NUMLOCK, KEY_SCROLLLOCK = 58, 69, 70
SHIFT_KEYS: Final = frozenset((42, 54))
CTRL_KEYS: Final = frozenset((29, 97))
KEY_ALTGR: Final = 100
ALT_KEYS: Final = frozenset((56, KEY_ALTGR))
_SILENT_KEYS: Final = frozenset((KEY_NUMLOCK, KEY_SCROLLLOCK, 125, 126))

ENTER_OR_TAB: Final = frozenset((KEY_ENTER, KEY_KPENTER, KEY_TAB))

_ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
US_KEYS: Final[dict[int, tuple[str, str]]] = {
    first + offset: pair
    for first, plain, shifted in _ROWS
    for offset, pair in enumerate(zip(plain, shifted, strict=True))
}
"""Key code to (without, with Shift)."""

KEY_102ND: Final = 86
"""Between the left Shift and Z, on European keyboards only."""

_KEY_NAMES: Final = {code: plain for code, (plain, _) in US_KEYS.items()} | {KEY_102ND: "<"}
"""Of the keys that print, as `protocols.barcodes.keyboards` names them."""

KEYPAD: Final[dict[int, str]] = {
    **dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True)),
    55: "*",
    74: "-",
    78: "+",
    83: ".",
    98: "/",
    117: "=",
    121: ",",
}
"""Keypad codes; Shift and Num Lock do not matter, scanners mean the digit."""

KEYS_LOST: Final = "KEYS_LOST"
UNKNOWN_KEY: Final = "UNKNOWN_KEY"
SCAN_TOO_LONG: Final = "SCAN_TOO_LONG"

_TERMINATING_CHARACTERS: Final = "\r\n\t"
_TEXTS: Final = {
    KEYS_LOST: "Keys of this scan were lost. Scan again.",
    UNKNOWN_KEY: "The scan holds a key that a US keyboard lacks.",
    SCAN_TOO_LONG: "The scan does not end. Set the scanner to send Enter behind each code.",
}


class KeyReader:
    """The state between key events. Feed every event of the device in order.

    One lost or unknown key spoils the whole scan: it is reported, and never given shortened.
    `maker` is whose manual a person is sent to when the keys are another country's.
    """

    def __init__(
        self,
        terminators: frozenset[int] = ENTER_OR_TAB,
        *,
        is_caps_locked: bool = False,
        maker: Maker = UNKNOWN_MAKER,
    ) -> None:
        self._terminators = terminators
        self._is_caps_locked = is_caps_locked
        self._maker = maker
        self._held: set[int] = set()
        self._text: list[str] = []
        self._strokes: list[Stroke] = []
        self._alt_digits = ""
        self._fault: str | None = None
        self._spoilt_chars = 0
        self._is_skipping = False

    @property
    def pending_chars(self) -> int:
        """Characters that wait for their terminator."""
        return len(self._text)

    def feed(self, kind: int, code: int, value: int) -> list[Reading]:
        """What this event completes: nothing, a scan, or the fault of one."""
        if kind == EV_SYN:
            return self._synchronise(code)
        if kind != EV_KEY or self._is_skipping or value == KEY_REPEATED:
            return []
        if code in SHIFT_KEYS | CTRL_KEYS | ALT_KEYS:
            return self._modify(code, value)
        return self._press(code) if value == KEY_DOWN else []

    def _synchronise(self, code: int) -> list[Reading]:
        """After SYN_DROPPED the kernel has lost events, up to and including the next SYN_REPORT.

        The loss is reported at once, because the terminator may be among what was lost. What comes
        up to the next terminator may lack its beginning: it is spoilt too.
        """
        if code == SYN_DROPPED:
            self._is_skipping = True
            self._held.clear()
            self._alt_digits = ""
            self._spoil(KEYS_LOST)
            self._spoilt_chars = 0
            return [self._told(KEYS_LOST)]
        if code == SYN_REPORT:
            self._is_skipping = False
        return []

    def _modify(self, code: int, value: int) -> list[Reading]:
        if value == KEY_DOWN:
            self._held.add(code)
            return []
        self._held.discard(code)
        return self._end_alt_code() if code in ALT_KEYS else []

    def _press(self, code: int) -> list[Reading]:
        if code in self._terminators:
            return self._end()
        if code == KEY_CAPSLOCK:
            self._is_caps_locked = not self._is_caps_locked
        elif self._held & ALT_KEYS and code in KEYPAD:
            self._alt_digits += KEYPAD[code]
        elif code not in _SILENT_KEYS:
            return self._character(code)
        return []

    def _character(self, code: int) -> list[Reading]:
        self._note_stroke(code)
        char = self._translate(code)
        if char is None:
            self._spoil(UNKNOWN_KEY)
            return []
        return self._append(char)

    def _translate(self, code: int) -> str | None:
        if code in KEYPAD:
            return KEYPAD[code]
        if code not in US_KEYS or self._held & ALT_KEYS:
            return None
        plain, shifted = US_KEYS[code]
        char = shifted if self._is_shifted(plain) else plain
        return _control(char) if self._held & CTRL_KEYS else char

    def _is_shifted(self, plain: str) -> bool:
        is_shifted = bool(self._held & SHIFT_KEYS)
        return is_shifted ^ (self._is_caps_locked and plain.isalpha())

    def _note_stroke(self, code: int) -> None:
        """What another country's keyboard might have meant; Ctrl types no character anywhere."""
        if code in KEYPAD:
            self._note(KEYPAD[code], LITERAL)
        elif code in _KEY_NAMES and KEY_ALTGR in self._held:
            self._note(_KEY_NAMES[code], ALTGR)
        elif code in _KEY_NAMES and not self._held & CTRL_KEYS:
            name = _KEY_NAMES[code]
            self._note(name, SHIFTED if self._is_shifted(name) else PLAIN)

    def _note(self, key: str, level: int) -> None:
        if len(self._strokes) < BARCODE_CHARS_MAX:
            self._strokes.append((key, level))

    def _append(self, char: str) -> list[Reading]:
        if char in _TERMINATING_CHARACTERS:
            return self._end()
        if self._fault:
            self._spoilt_chars += 1
            return []
        self._text.append(char)
        if len(self._text) > BARCODE_CHARS_MAX:
            self._spoil(SCAN_TOO_LONG)
        return []

    def _end_alt_code(self) -> list[Reading]:
        """Alt with keypad digits is how some scanners send control characters: Alt 029 is GS."""
        digits, self._alt_digits = self._alt_digits, ""
        if not digits:
            return []
        if not digits.isdigit() or not 0 < int(digits) < 128:
            self._spoil(UNKNOWN_KEY)
            return []
        char = chr(int(digits))
        if char.isprintable():
            self._note(char, LITERAL)
        return self._append(char)

    def _spoil(self, fault: str) -> None:
        self._fault = self._fault or fault
        self._spoilt_chars += 1
        self._text.clear()

    def _end(self) -> list[Reading]:
        """A terminator: Enter in front of a code ends nothing and gives nothing."""
        fault, text, is_told = self._fault, "".join(self._text), not self._spoilt_chars
        strokes, self._strokes = self._strokes, []
        self._fault, self._spoilt_chars = None, 0
        self._text.clear()
        if fault in (None, UNKNOWN_KEY) and (keyboards := keyboards_behind(strokes)):
            return [self._other_country(name_of(keyboards))]
        if fault:
            return [] if is_told else [self._told(fault)]
        return [RawScan(text)] if text else []

    def _told(self, code: str) -> ScannerFault:
        advice = f" {self._maker.us_keys}" if code == UNKNOWN_KEY else ""
        return ScannerFault(code, _TEXTS[code] + advice)

    def _other_country(self, name: str) -> ScannerFault:
        return ScannerFault(
            WrongKeyboardLayout.code,
            f"The scanner types as a {name} keyboard. {self._maker.us_keys}",
        )


def _control(char: str) -> str | None:
    """What Ctrl makes of a character: Ctrl+] is GS."""
    upper = char.upper()
    return chr(ord(upper) - 64) if "@" <= upper <= "_" else None

"""What a key means on the keyboards of other countries. Owns the tables and reading through them.

A key is named by the character it types without Shift on a US keyboard; "<" is the key between the
left Shift and Z, which only European keyboards have. The tables say what is printable in ASCII and,
where a key types something else, that letter; they were compared with the symbols of
xkeyboard-config 2.35 for the layouts us, de, ch, fr, be, gb, es, it, pt, se and tr, without the
third levels that only X11 has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

KEYS: Final = "`1234567890-=qwertyuiop[]asdfghjkl;'\\<zxcvbnm,./ "
"""The order of all tables."""
PLAIN, SHIFTED, ALTGR, LITERAL = 0, 1, 2, 3
"""The levels of a key. LITERAL is no key: a digit of the keypad, or a character typed by its number
behind Alt, on which all countries agree.
"""

Stroke = tuple[str, int]
"""A key, and the level it was pressed on."""


class Keyboard(msgspec.Struct, frozen=True):
    """A country's keyboard: what each of `KEYS` types.

    `dead` are characters whose key types nothing until another follows: a scanner sends a space.
    """

    name: str
    plain: str
    shifted: str
    altgr: dict[str, str] = {}
    dead: str = ""

    def character(self, stroke: Stroke) -> str | None:
        """What the stroke types here; None if it types nothing."""
        key, level = stroke
        if level == LITERAL:
            return key
        if level == ALTGR:
            return self.altgr.get(key)
        at = KEYS.find(key)
        return (self.plain, self.shifted)[level][at] if at >= 0 else None

    def read(self, strokes: Iterable[Stroke]) -> str | None:
        """The text that a scanner set to this keyboard meant; None if a stroke types nothing."""
        text = ""
        is_after_dead = False
        for stroke in strokes:
            char = self.character(stroke)
            if char is None:
                return None
            is_swallowed = is_after_dead and char == " "
            text += "" if is_swallowed else char
            is_after_dead = char in self.dead and not is_swallowed
        return text

    def strokes(self, text: str) -> list[Stroke]:
        """How a scanner set to this keyboard types it; what has no key here is left out."""
        strokes: list[Stroke] = []
        stroke_of = self._stroke_of_characters()
        for char in text:
            if char in stroke_of:
                strokes.append(stroke_of[char])
                strokes += [(" ", PLAIN)] if char in self.dead else []
        return strokes

    def _stroke_of_characters(self) -> dict[str, Stroke]:
        found = {char: (key, ALTGR) for key, char in self.altgr.items()}
        found |= {char: (key, SHIFTED) for key, char in zip(KEYS, self.shifted, strict=True)}
        return found | {char: (key, PLAIN) for key, char in zip(KEYS, self.plain, strict=True)}


US: Final = Keyboard(
    "US",
    plain="`1234567890-=qwertyuiop[]asdfghjkl;'\\\0zxcvbnm,./ ",
    shifted='~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|\0ZXCVBNM<>? ',
)

_BRACES: Final = {"7": "{", "8": "[", "9": "]", "0": "}"}

OTHERS: Final = (
    Keyboard(
        "German (QWERTZ)",
        plain="^1234567890ß´qwertzuiopü+asdfghjklöä#<yxcvbnm,.- ",
        shifted="°!\"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_ ",
        altgr={**_BRACES, "-": "\\", "q": "@", "]": "~", "<": "|"},
        dead="^`",
    ),
    Keyboard(
        "Swiss (QWERTZ)",
        plain="§1234567890'^qwertzuiopü¨asdfghjklöä$<yxcvbnm,.- ",
        shifted='°+"*ç%&/()=?`QWERTZUIOPè!ASDFGHJKLéà£>YXCVBNM;:_ ',
        altgr={"2": "@", "3": "#", "7": "|", "=": "~", "[": "[", "]": "]", "'": "{", "\\": "}"}
        | {"<": "\\"},
        dead="^`~",
    ),
    Keyboard(
        "French (AZERTY)",
        plain="²&é\"'(-è_çà)=azertyuiop^$qsdfghjklmù*<wxcvbn,;:! ",
        shifted="~1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µ>WXCVBN?./§ ",
        altgr={"2": "~", "3": "#", "4": "{", "5": "[", "6": "|", "7": "`", "8": "\\", "9": "^"}
        | {"0": "@", "-": "]", "=": "}"},
        dead="~`",
    ),
    Keyboard(
        "Belgian (AZERTY)",
        plain="²&é\"'(§è!çà)-azertyuiop^$qsdfghjklmùµ<wxcvbn,;:= ",
        shifted="³1234567890°_AZERTYUIOP¨*QSDFGHJKLM%£>WXCVBN?./+ ",
        altgr={"1": "|", "2": "@", "3": "#", "9": "{", "0": "}", "[": "[", "]": "]", "\\": "`"}
        | {"<": "\\", "/": "~"},
        dead="^`~",
    ),
    Keyboard(
        "British",
        plain="`1234567890-=qwertyuiop[]asdfghjkl;'#\\zxcvbnm,./ ",
        shifted='¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>? ',
    ),
    Keyboard(
        "Spanish",
        plain="º1234567890'¡qwertyuiop`+asdfghjklñ´ç<zxcvbnm,.- ",
        shifted='ª!"·$%&/()=?¿QWERTYUIOP^*ASDFGHJKLÑ¨Ç>ZXCVBNM;:_ ',
        altgr={"`": "\\", "1": "|", "2": "@", "3": "#", "4": "~", "[": "[", "]": "]", "'": "{"}
        | {"\\": "}"},
        dead="^`~",
    ),
    Keyboard(
        "Italian",
        plain="\\1234567890'ìqwertyuiopè+asdfghjklòàù<zxcvbnm,.- ",
        shifted='|!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§>ZXCVBNM;:_ ',
        altgr={"[": "[", "]": "]", ";": "@", "'": "#"},
    ),
    Keyboard(
        "Portuguese",
        plain="\\1234567890'«qwertyuiop+´asdfghjklçº~<zxcvbnm,.- ",
        shifted='|!"#$%&/()=?»QWERTYUIOP*`ASDFGHJKLÇª^>ZXCVBNM;:_ ',
        altgr={**_BRACES, "2": "@"},
        dead="^`~",
    ),
    Keyboard(
        "Nordic",
        plain="§1234567890+´qwertyuiopå¨asdfghjklöä'<zxcvbnm,.- ",
        shifted='½!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLÖÄ*>ZXCVBNM;:_ ',
        altgr={**_BRACES, "2": "@", "4": "$", "-": "\\", "]": "~", "<": "|"},
        dead="^`~",
    ),
    Keyboard(
        "Turkish (Q)",
        plain='"1234567890*-qwertyuıopğüasdfghjklşi,<zxcvbnmöç. ',
        shifted="é!'^+%&/()=?_QWERTYUIOPĞÜASDFGHJKLŞİ;>ZXCVBNMÖÇ: ",
        altgr={**_BRACES, "3": "#", "4": "$", "-": "\\", "=": "|", "q": "@", "]": "~", "\\": "`"},
        dead="^~`",
    ),
)
"""Swedish stands for all of the north: they differ from one another in \\ and | alone."""

"""AIM symbology identifiers (ISO/IEC 15424): `]`, a letter for the symbology, a modifier.

Owns which of them carry GS1 element strings and which a GTIN alone. Everything else is plain data.
"""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"\][A-WYZa-z][0-9A-F]|\]X[0-9]")
IDENTIFIER_CHARS = 3

# GS1-128; DataBar and the composite packets; Data Matrix, QR, DotCode with FNC1 in front.
GS1_SYMBOLOGIES = frozenset(["]C1", "]e0", "]e1", "]e2", "]d2", "]d5", "]Q3", "]Q4", "]J1"])
EAN13_UPC = "]E0"
EAN13_WITH_ADD_ON = "]E3"
EAN8 = "]E4"
ITF_CHECKED = "]I1"
COMPOSITE_LINK = "|]e0"


def split_identifier(text: str) -> tuple[str | None, str]:
    """(identifier, data); the identifier is None if the text does not begin with one."""
    if _IDENTIFIER.match(text):
        return text[:IDENTIFIER_CHARS], text[IDENTIFIER_CHARS:]
    return None, text

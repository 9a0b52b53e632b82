"""What can be wrong with a scan. One class for each fact; the values are attributes.

Every sentence says what was wrong and what the person should do, because it is what the handheld
shows. Nothing here decides what a barcode means.
"""

from __future__ import annotations

from typing import ClassVar

from protocols.errors import ProtocolsError

DATA_SHOWN_CHARS_MAX = 40


def shown(text: str) -> str:
    """The text as a person may be shown it: quoted, escaped, and not longer than a line."""
    cut = text if len(text) <= DATA_SHOWN_CHARS_MAX else text[: DATA_SHOWN_CHARS_MAX - 1] + "…"
    return repr(cut)


class BarcodeError(ProtocolsError):
    """A scan that means nothing, or that must not be trusted."""

    code: ClassVar[str] = "BAD_BARCODE"


class EmptyScan(BarcodeError):
    code = "EMPTY_SCAN"

    def __init__(self) -> None:
        super().__init__("The scan is empty. Scan the barcode again.")


class ScanTooLong(BarcodeError):
    code = "SCAN_TOO_LONG"

    def __init__(self, length_chars: int, limit_chars: int) -> None:
        self.length_chars, self.limit_chars = length_chars, limit_chars
        super().__init__(
            f"The scan has {length_chars} characters; {limit_chars} is the most. "
            "Scan one barcode at a time."
        )


class MissingSymbologyIdentifier(BarcodeError):
    code = "MISSING_SYMBOLOGY_IDENTIFIER"

    def __init__(self, data: str) -> None:
        self.data = data
        super().__init__(
            f"The scan {shown(data)} does not begin with a symbology identifier. Set the scanner "
            "to send AIM identifiers, or configure this scanner as one that sends none."
        )


class UnknownSymbologyIdentifier(BarcodeError):
    code = "UNKNOWN_SYMBOLOGY_IDENTIFIER"

    def __init__(self, symbology: str) -> None:
        self.symbology = symbology
        super().__init__(
            f"{shown(symbology)} is no symbology identifier. Scan the barcode again; if it stays, "
            "check the scanner's prefix setting."
        )


class WrongLength(BarcodeError):
    code = "WRONG_LENGTH"

    def __init__(self, what: str, data: str, expected: str) -> None:
        self.what, self.data, self.expected = what, data, expected
        super().__init__(
            f"{what} {shown(data)} has {len(data)} characters where {expected} belong. "
            "Scan it again; if it stays, the label or the scanner's setting is wrong."
        )


class NotDigits(BarcodeError):
    code = "NOT_DIGITS"

    def __init__(self, what: str, data: str) -> None:
        self.what, self.data = what, data
        super().__init__(f"{what} {shown(data)} may hold digits only. Scan it again.")


class BadCheckDigit(BarcodeError):
    code = "BAD_CHECK_DIGIT"

    def __init__(self, what: str, data: str, expected: str, found: str) -> None:
        self.what, self.data, self.expected, self.found = what, data, expected, found
        super().__init__(
            f"The check digit of {what} {shown(data)} is {found} but should be {expected}. "
            "Scan or type it again; if it stays, the label is wrong."
        )


class MissingFnc1(BarcodeError):
    """Two elements ran together; where one ends is not decided here, because it would be a guess.

    `ai` is the element that has no end, `hidden_ai` the element that seems to follow inside it.
    """

    code = "MISSING_FNC1"

    def __init__(self, ai: str, value: str, hidden_ai: str) -> None:
        self.ai, self.value, self.hidden_ai = ai, value, hidden_ai
        super().__init__(
            f"Behind ({ai}) the separator FNC1 is missing: {shown(value)} seems to contain "
            f"({hidden_ai}) as well. Set the scanner to send FNC1 as GS and scan its check code; "
            "if that passes, the label is printed wrongly."
        )


class UnknownAi(BarcodeError):
    code = "UNKNOWN_AI"

    def __init__(self, ai: str) -> None:
        self.ai = ai
        super().__init__(f"No GS1 application identifier begins {shown(ai)}. The label is wrong.")


class BadElement(BarcodeError):
    """A value that its application identifier does not allow; `lint` is GS1's name for why."""

    code = "BAD_ELEMENT"

    def __init__(self, ai: str, value: str, lint: str, reason: str) -> None:
        self.ai, self.value, self.lint, self.reason = ai, value, lint, reason
        super().__init__(f"({ai}) {shown(value)}: {reason}. The label is wrong.")


class ElementTooShort(BadElement):
    code = "ELEMENT_TOO_SHORT"


class ElementTooLong(BadElement):
    code = "ELEMENT_TOO_LONG"


class BadElementCheckDigit(BadElement):
    code = "BAD_CHECK_DIGIT"


class NotBracketed(BarcodeError):
    code = "BAD_BRACKETS"

    def __init__(self, data: str) -> None:
        self.data = data
        super().__init__(
            f"{shown(data)} is not of the form (01)09521234543213(10)LOT. Type each application "
            "identifier in brackets with its value behind it."
        )


class BadAssociation(BarcodeError):
    """Elements that are each right but may not stand together, or lack a companion."""

    code = "BAD_ASSOCIATION"

    def __init__(self, ai: str, reason: str) -> None:
        self.ai, self.reason = ai, reason
        super().__init__(f"({ai}) {reason}. The label is wrong.")


class BadDigitalLink(BarcodeError):
    code = "BAD_DIGITAL_LINK"

    def __init__(self, uri: str, reason: str) -> None:
        self.uri, self.reason = uri, reason
        super().__init__(f"The GS1 Digital Link {shown(uri)} {reason}. The label is wrong.")


class BadLabel(BarcodeError):
    """Text that begins like one of our labels and is none."""

    code = "BAD_LABEL"

    def __init__(self, data: str) -> None:
        self.data = data
        super().__init__(
            f"{shown(data)} begins like a Binlight label but is none. Scan it again; if it stays, "
            "print the label anew."
        )


class UnknownCommand(BarcodeError):
    code = "UNKNOWN_COMMAND"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no command {shown(name)}. Print the command sheet anew.")


class BadLabelCode(BarcodeError):
    """A code that cannot be printed on a label: the mistake of whoever names bins and totes."""

    code = "BAD_LABEL_CODE"

    def __init__(self, label_code: str, limit_chars: int) -> None:
        self.label_code, self.limit_chars = label_code, limit_chars
        super().__init__(
            f"{shown(label_code)} cannot be a label's code: use 1 to {limit_chars} letters and "
            "digits in groups with single hyphens between them, such as B-14-03-2."
        )


class WrongKeyboardLayout(BarcodeError):
    """The scanner types for another country's keyboard: every second label would be misread."""

    code = "WRONG_KEYBOARD_LAYOUT"

    def __init__(self, data: str, layout: str) -> None:
        self.data, self.layout = data, layout
        super().__init__(
            f"The scanner types {shown(data)} for a {layout} keyboard. Scan the configuration "
            "barcode 'US English keyboard' in the scanner's manual, then scan again."
        )


class NoInterpretation(BarcodeError):
    code = "NO_INTERPRETATION"

    def __init__(self, ai: str, value: str, what: str) -> None:
        self.ai, self.value, self.what = ai, value, what
        super().__init__(f"({ai}) {shown(value)} holds no {what}.")

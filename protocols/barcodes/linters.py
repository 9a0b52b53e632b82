"""The content checks that GS1's syntax dictionary names. One function for each name.

A linter takes the text of one component and returns None, or GS1's name for what is wrong. It
never raises and never looks at neighbours. The coupon formats are in `coupons`,
dates in `dates`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.barcodes import code_lists, coupons
from protocols.barcodes.dates import yymmd0, yymmdd, yyyymmdd
from protocols.barcodes.gtin import has_right_check_digit, is_digits

Linter = Callable[[str], str | None]

# GS1 General Specifications: character sets 82, 39 and 64, the first in the order of its values.
CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
CSET39 = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CSET64 = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_CHECK_PAIR_CHARACTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CHECK_PAIR_CHARS_MAX = 99
GCP_DIGITS_MIN = 4
IBAN_CHARS_MIN, IBAN_CHARS_MAX = 15, 34
LATITUDE_MAX, LONGITUDE_MAX = 1_800_000_000, 3_600_000_000


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


_CHECK_PAIR_WEIGHTS = _primes(CHECK_PAIR_CHARS_MAX - 2)


def cset_numeric(text: str) -> str | None:
    return None if is_digits(text) or not text else "NON_DIGIT_CHARACTER"


def cset82(text: str) -> str | None:
    return None if set(text) <= set(CSET82) else "INVALID_CSET82_CHARACTER"


def cset39(text: str) -> str | None:
    return None if set(text) <= set(CSET39) else "INVALID_CSET39_CHARACTER"


def cset64(text: str) -> str | None:
    body = text.rstrip("=")
    if not set(body) <= set(CSET64):
        return "INVALID_CSET64_CHARACTER"
    is_padded_right = len(text) == len(body) or (len(text) % 3 == 0 and len(text) - len(body) < 3)
    return None if is_padded_right else "INVALID_CSET64_PADDING"


def csum(text: str) -> str | None:
    if not text:
        return "TOO_SHORT_FOR_CHECK_DIGIT"
    if not is_digits(text):
        return "NON_DIGIT_CHARACTER"
    return None if has_right_check_digit(text) else "INCORRECT_CHECK_DIGIT"


def csumalpha(text: str) -> str | None:
    """The check pair of a GMN: prime weights from the right, modulo 1021 (GenSpecs 7.9.5)."""
    if len(text) < 2:
        return "TOO_SHORT_FOR_CHECK_PAIR"
    if len(text) > CHECK_PAIR_CHARS_MAX:
        return "TOO_LONG_FOR_CHECK_PAIR_IMPLEMENTATION"
    body, pair = text[:-2], text[-2:]
    if cset82(body):
        return "INVALID_CSET82_CHARACTER"
    weighed = zip(reversed(body), _CHECK_PAIR_WEIGHTS, strict=False)
    high, low = divmod(sum(CSET82.index(char) * weight for char, weight in weighed) % 1021, 32)
    expected = _CHECK_PAIR_CHARACTERS[high] + _CHECK_PAIR_CHARACTERS[low]
    return None if pair == expected else "INCORRECT_CHECK_PAIR"


def gcppos1(text: str) -> str | None:
    return _company_prefix(text)


def gcppos2(text: str) -> str | None:
    return _company_prefix(text[1:])


def _company_prefix(text: str) -> str | None:
    if len(text) < GCP_DIGITS_MIN:
        return "TOO_SHORT_FOR_GCP"
    return None if is_digits(text[:GCP_DIGITS_MIN]) else "INVALID_GCP_PREFIX"


def _two_digits(text: str, below: int, what: str) -> str | None:
    if len(text) != 2:
        return f"{what}_TOO_SHORT" if len(text) < 2 else f"{what}_TOO_LONG"
    if not is_digits(text):
        return "NON_DIGIT_CHARACTER"
    return None if int(text) < below else f"ILLEGAL_{what}"


def hh(text: str) -> str | None:
    return _two_digits(text, 24, "HOUR")


def mi(text: str) -> str | None:
    return _two_digits(text, 60, "MINUTE")


def ss(text: str) -> str | None:
    return _two_digits(text, 60, "SECOND")


def hhmi(text: str) -> str | None:
    if len(text) != 4:
        return "HOUR_WITH_MINUTE_TOO_SHORT" if len(text) < 4 else "HOUR_WITH_MINUTE_TOO_LONG"
    return hh(text[:2]) or mi(text[2:])


def _one_of(codes: frozenset[str], lint: str) -> Linter:
    return lambda text: None if text in codes else lint


iso3166 = _one_of(code_lists.COUNTRY_NUMBERS, "NOT_ISO3166")
iso3166999 = _one_of(code_lists.COUNTRY_NUMBERS | {"999"}, "NOT_ISO3166_OR_999")
iso3166alpha2 = _one_of(code_lists.COUNTRY_LETTERS, "NOT_ISO3166_ALPHA2")
iso4217 = _one_of(code_lists.CURRENCY_NUMBERS, "NOT_ISO4217")
iso5218 = _one_of(code_lists.SEXES, "INVALID_BIOLOGICAL_SEX_CODE")
packagetype = _one_of(code_lists.PACKAGE_TYPES, "INVALID_PACKAGE_TYPE")
mediatype = _one_of(code_lists.MEDIA_TYPES, "INVALID_MEDIA_TYPE")
yesno = _one_of(frozenset("01"), "NOT_ZERO_OR_ONE")
winding = _one_of(frozenset("0149"), "INVALID_WINDING_DIRECTION")
hyphen = _one_of(frozenset("-"), "NOT_HYPHEN")
importeridx = _one_of(frozenset(CSET64), "INVALID_IMPORT_IDX_CHARACTER")


def iban(text: str) -> str | None:
    if not IBAN_CHARS_MIN <= len(text) <= IBAN_CHARS_MAX:
        return "IBAN_TOO_SHORT" if len(text) < IBAN_CHARS_MIN else "IBAN_TOO_LONG"
    if not re.fullmatch(r"[0-9A-Z]+", text):
        return "INVALID_IBAN_CHARACTER"
    if text[:2] not in code_lists.COUNTRY_LETTERS:
        return "ILLEGAL_IBAN_COUNTRY_CODE"
    turned = text[4:] + text[:4]
    is_right = int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
    return None if is_right else "INCORRECT_IBAN_CHECKSUM"


def pieceoftotal(text: str) -> str | None:
    if not is_digits(text) and text:
        return "NON_DIGIT_CHARACTER"
    if not text or len(text) % 2:
        return "INVALID_LENGTH_FOR_PIECE_OF_TOTAL"
    piece, total = int(text[: len(text) // 2]), int(text[len(text) // 2 :])
    if piece == 0 or total == 0:
        return "ZERO_PIECE_NUMBER" if piece == 0 else "ZERO_TOTAL_PIECES"
    return None if piece <= total else "PIECE_NUMBER_EXCEEDS_TOTAL"


def posinseqslash(text: str) -> str | None:
    match = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    if match is None:
        return "POSITION_IN_SEQUENCE_MALFORMED"
    if match[1].startswith("0") or match[2].startswith("0"):
        return "ILLEGAL_ZERO_PREFIX"
    return None if int(match[1]) <= int(match[2]) else "POSITION_EXCEEDS_END"


def pcenc(text: str) -> str | None:
    is_right = re.fullmatch(r"(?:[^%]|%[0-9A-Fa-f]{2})*", text, re.DOTALL)
    return None if is_right else "INVALID_PERCENT_SEQUENCE"


def nonzero(text: str) -> str | None:
    if not is_digits(text):
        return "NON_DIGIT_CHARACTER"
    return None if text.strip("0") else "ILLEGAL_ZERO_VALUE"


def nozeroprefix(text: str) -> str | None:
    return "ILLEGAL_ZERO_PREFIX" if len(text) > 1 and text.startswith("0") else None


def zero(text: str) -> str | None:
    return "NOT_ZERO" if text.strip("0") else None


def hasnondigit(text: str) -> str | None:
    return "REQUIRES_NON_DIGIT_CHARACTER" if is_digits(text) else None


def latitude(text: str) -> str | None:
    return _coordinate(text, LATITUDE_MAX, "LATITUDE")


def longitude(text: str) -> str | None:
    return _coordinate(text, LONGITUDE_MAX, "LONGITUDE")


def _coordinate(text: str, limit: int, what: str) -> str | None:
    if len(text) != 10:
        return f"{what}_INVALID_LENGTH"
    if not is_digits(text):
        return "NON_DIGIT_CHARACTER"
    return None if int(text) <= limit else f"INVALID_{what}"


CHARSETS: dict[str, Linter] = {"N": cset_numeric, "X": cset82, "Y": cset39, "Z": cset64}

LINTERS: dict[str, Linter] = {
    function.__name__: function
    for function in (
        *(cset82, cset39, cset64, csum, csumalpha, gcppos1, gcppos2),
        *(yymmdd, yymmd0, yyyymmdd, hh, mi, ss, hhmi, iban, pieceoftotal, posinseqslash),
        *(pcenc, nonzero, nozeroprefix, zero, hasnondigit, latitude, longitude),
    )
} | {
    "iso3166": iso3166,
    "iso3166999": iso3166999,
    "iso3166alpha2": iso3166alpha2,
    "iso4217": iso4217,
    "iso5218": iso5218,
    "packagetype": packagetype,
    "mediatype": mediatype,
    "yesno": yesno,
    "winding": winding,
    "hyphen": hyphen,
    "importeridx": importeridx,
    "couponcode": coupons.couponcode,
    "couponposoffer": coupons.couponposoffer,
}

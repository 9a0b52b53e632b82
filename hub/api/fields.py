"""Kinds of values in requests, read as JSON Schema means them and no wider.

marshmallow's own fields take more than the description says (`"yes"` for true, `"1_0"` for ten) and
less (`3.0` is an integer in JSON Schema); Python's `$` lets a line end pass. Owns no shape.
"""

from __future__ import annotations

import re
from typing import Any, Final

from apiflask.fields import Boolean, Integer
from apiflask.validators import Regexp
from marshmallow import ValidationError
from marshmallow.validate import Validator

_DIGITS: Final = re.compile(r"-?[0-9]{1,19}")
_EXACT_MAX: Final = 2**53
"""Beyond it a number with a decimal point may stand for several integers."""


class WholeNumber(Integer):
    """An integer in JSON: any number without a fraction, and nothing else."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_MAX:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self.make_error("invalid", input=value)


class QueryNumber(WholeNumber):
    """An integer in an address: its digits."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            return int(value)
        raise self.make_error("invalid", input=value)


class YesNo(Boolean):
    """true or false."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise self.make_error("invalid", input=value)


class Pattern(Regexp):
    """A regular expression that the whole text has to match; written so that ECMA-262, which
    OpenAPI means, and Python read it alike."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Unicode(Validator):
    """Text that UTF-8 can say: JSON can spell half a surrogate pair, and no database keeps it."""

    def __call__(self, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValidationError("Not Unicode: half of a surrogate pair.") from None
        return value

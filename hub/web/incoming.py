"""What any request may bring, before anybody looks at who asks: so many bytes, and no NUL.

Owns the limits of bodies and the first look at addresses and forms. A field's own limits are with
whoever reads it.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, g, request

from hub.errors import BadValue

BODY_BYTES_MAX: Final = 1_048_576
"""Of a form or a JSON body: an order of 1,000 lines is a tenth of it."""
FILE_BYTES_MAX: Final = 64 * 1_048_576
TAKING_FILES: Final = frozenset({"bulk.upload"})
"""The only addresses to which files are sent."""
FORM_FIELDS_MAX: Final = 2_000


def install(app: Flask) -> None:
    """Look at each request first of all; to be called before anything that reads forms."""
    app.config.update(
        MAX_CONTENT_LENGTH=FILE_BYTES_MAX,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES_MAX,
        MAX_FORM_PARTS=FORM_FIELDS_MAX,
    )
    app.before_request(_look)


def _look() -> None:
    """Raises BadValue, RequestEntityTooLarge."""
    g.is_api = request.path.startswith("/api/")
    if request.endpoint not in TAKING_FILES:
        request.max_content_length = BODY_BYTES_MAX
    _refuse_nul("address", request.path)
    for name, value in request.args.items(multi=True):
        _refuse_nul(name, value)
    if not g.is_api and request.method == "POST":
        for name, value in request.form.items(multi=True):
            _refuse_nul(name, value)


def _refuse_nul(field: str, text: str) -> None:
    """PostgreSQL keeps no NUL and SQLite does: no text of ours has one."""
    if "\0" in field or "\0" in text:
        shown = text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:40]
        raise BadValue(field.replace("\0", ""), shown, "leave out the sign NUL")

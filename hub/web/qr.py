"""A short text as a picture for a scanner or a telephone."""

from __future__ import annotations

from markupsafe import Markup


def qr_picture(text: str) -> Markup:
    """The code as SVG inside of the page: no other request ever carries the secret."""
    import segno

    drawn: str = segno.make_qr(text, error="m").svg_inline(
        border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - segno draws squares, whatever the text says

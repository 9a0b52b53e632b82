"""Somebody who guesses a password: what makes the pages write without knowing anything."""

from __future__ import annotations

import os
import re
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlencode

_TOKEN: Final = re.compile(rb'name="csrf_token" value="([^"]+)"')


def wrong_log_in(host: str, port: int) -> int:
    """Make the pages write: a denial is audited. The answer's status; 0 when none came."""
    asking = HTTPConnection(host, port, timeout=5)
    try:
        asking.request("GET", "/log-in")
        page = asking.getresponse()
        cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
        token = _TOKEN.search(page.read())
        form = {"login": "nobody", "password": os.urandom(4).hex(),
                "csrf_token": token[1].decode() if token else ""}  # fmt: skip
        asking.request(
            "POST", "/log-in", urlencode(form),
            {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        return asking.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        asking.close()

"""A client that behaves like a browser with no scripts: keeps cookies, takes form tokens along."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PASSWORD = "seven blue lanterns"


class Browser:
    """One person's browser."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.page = ""

    def get(self, path: str, **extra: Any) -> TestResponse:
        response = self.client.get(path, **extra)
        if response.mimetype == "text/html":
            self.page = path
        return response

    def post(self, path: str, fields: dict[str, Any] | None = None, **extra: Any) -> TestResponse:
        """Send a form of the page last seen, with a token taken from it."""
        sent = {"csrf_token": self.token(), **(fields or {})}
        headers = {"Referer": f"http://localhost{self.page}"}
        return self.client.post(path, data=sent, headers=headers, **extra)

    def token(self) -> str:
        found = TOKEN.search(self.client.get(self.page or "/log-in").text)
        assert found, f"{self.page} has no form"
        return found.group(1)

    def log_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        self.get("/log-in")
        return self.post("/log-in", {"login": login, "password": password})

    @property
    def cookie(self) -> str | None:
        found = self.client.get_cookie("binlight")
        return found.value if found else None

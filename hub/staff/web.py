"""Pages of people: log-in, oneself, the second factor, and everybody who works here."""

from __future__ import annotations

from hub.staff import web_factor, web_log_in, web_own, web_people
from hub.staff.web_pages import pages

VIEWS = (web_factor, web_log_in, web_own, web_people)
"""Importing them makes their views known to the blueprint."""

__all__ = ["VIEWS", "pages"]

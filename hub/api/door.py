"""The way into the API: token, permission, idempotency key, and refusals as JSON."""

from __future__ import annotations

from typing import Any, Final

from apiflask import APIBlueprint, HTTPError, HTTPTokenAuth
from flask import g

from hub import ids
from hub.api import bodies, schemas
from hub.command import Command, written
from hub.db import Table
from hub.errors import AlreadyDone, HubError, NotFound
from hub.journal import JournalRow, LedgerHead
from hub.web import acts, security
from hub.web.context import EVERY, Visitor, somebody, web

IDS_OF_ACT_MAX: Final = 4
"""The row that an act makes is among the first ids it takes."""

pages = APIBlueprint("api", __name__, url_prefix="/api/1", tag="Binlight")
security.csrf.exempt(pages)  # a browser sends no bearer token by itself
pages.before_request(bodies.look)
auth = HTTPTokenAuth(description="A key made on the page of whoever it acts for (/own).")


class KeyReused(HubError):
    """One idempotency key, two different wishes."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The idempotency key {key!r} came with another request before; use a fresh one."
        )


def _whose(secret: str) -> Visitor | None:
    found = web().people.of_token(secret) if secret else None
    if found is None or found.stands_before:
        return None
    g.visitor = found
    return found


def _no_token(error: HTTPError) -> Any:
    sentence = "Send a key made on your own page: Authorization: Bearer bw_…"
    body = {"code": "NO_VALID_TOKEN", "text": sentence, "values": {}}
    return body, error.status_code, error.headers


auth.verify_token(_whose)
auth.error_processor(_no_token)


_SAID: Final = {
    400: "Not JSON, or a broken header",
    401: "No valid token",
    403: "Not allowed",
    404: "Not there",
    409: "Not in this state of the books",
    413: "Too large a body",
    422: "A value is not allowed",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Answers that an address may give beside the good one, all of the shape Problem."""
    body = {"application/json": {"schema": schemas.Problem}}
    every = (400, 401, 403, 422, *statuses)
    return {status: {"description": _SAID[status], "content": body} for status in every}


def made_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """As `refusals`, where something is made once: 200 says that it was known."""
    body = {"application/json": {"schema": schemas.Made}}
    return {200: {"description": "Known already", "content": body}, **refusals(*statuses)}


def ask(capability: str, action: str, division: str = EVERY) -> None:
    """Reads ask here; acts are asked by their name."""
    web().people.require(somebody(), capability, action, division)


def ask_somewhere(capability: str, action: str) -> None:
    """For lists that show only what belongs to divisions of their reader."""
    web().people.require_somewhere(somebody(), capability, action)


def id_of(what: str, text: str) -> bytes:
    """An id from an address; NotFound for anything that is none."""
    try:
        id = bytes.fromhex(text)
    except ValueError:
        id = b""
    if len(id) != len(ids.NIL) or id.hex() != text:
        raise NotFound(what, text[:64])
    return id


def make(command: Command[bytes], model: type[Table], key: str) -> tuple[dict[str, Any], int]:
    """Make something once for each idempotency key: 201 the first time, 200 with the same id after,
    also while the first is still under way. Raises KeyReused when the key came with other values.
    """
    kept = f"api/{somebody().id.hex()}/{key}"
    try:
        return {"id": acts.carry_out(command, key=kept).hex(), "was_known": False}, 201
    except AlreadyDone:
        return {"id": _made_by(kept, model, command, key).hex(), "was_known": True}, 200


def _made_by(kept: str, model: Any, command: Command[bytes], key: str) -> bytes:
    """Ids derive from the key of the act, so the row that it made can be found again."""
    row = row_of(kept, command, key)
    tried = [ids.derive(kept, n, row.now_us) for n in range(1, IDS_OF_ACT_MAX + 1)]
    for (id,) in model.select(model.id).where(model.id.in_(tried)).tuples():
        return bytes(id)
    raise KeyReused(key)


def row_of(kept: str, command: Command[Any], key: str) -> JournalRow:
    """The journal row of the same wish; raises KeyReused when that was another one."""
    row: JournalRow = JournalRow.get(JournalRow.site == web().site, JournalRow.key == kept)
    if (row.act, bytes(row.input)) != (command.ACT, written(command)[0]):
        raise KeyReused(key)
    return row


@pages.get("/health")
@pages.output(schemas.Health)
@pages.doc(summary="Whether the hub answers, and how far its journal is")
def health() -> dict[str, Any]:
    head = LedgerHead.get_or_none(LedgerHead.site == web().site, LedgerHead.ledger == "journal")
    position = head.position if head else 0
    return {"site": web().site, "journal_position": position, "now_us": web().now_us()}

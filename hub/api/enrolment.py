"""A device becomes one of the site: the two addresses that need no key of a person.

Owns their HTTP side; codes and certificates are `hub.devices.enrolling`'s. What lets a device in is
the secret that a person showed it; guesses are few (the limit of requests, the code that burns).
"""

from __future__ import annotations

import os
from typing import Any, Final

from flask import Response, request

from hub.api import schemas
from hub.api.door import pages
from hub.devices.enrolling import Enrolling
from hub.identity.announced import HubIdentity, NoAuthority
from hub.inventory.models import Site
from hub.web.context import web
from protocols.enrolment import EnrolmentRequest

_PROBLEM: Final = {"application/json": {"schema": schemas.Problem}}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Not JSON", "content": _PROBLEM},
    409: {"description": "The code or the request is refused: `code` says why",
          "content": _PROBLEM},
    413: {"description": "Too large a body", "content": _PROBLEM},
    422: {"description": "A value is not allowed", "content": _PROBLEM},
    429: {"description": "Too many tries; wait a minute", "content": _PROBLEM},
}  # fmt: skip
_PEM: Final = {"application/x-pem-file": {"schema": {"type": "string"}}}
_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The certificate", "content": _PEM},
    409: _REFUSALS[409],
    429: _REFUSALS[429],
}


@pages.get("/authority")
@pages.doc(
    summary="The certificate of the hub's CA, in PEM",
    description="Whoever asks compares its key with the fingerprint in an enrolment code.",
    responses=_SHOWN,
)
def show_authority() -> Response:
    return Response(_identity().authority().pem, mimetype="application/x-pem-file")


@pages.post("/enrolments")
@pages.input(schemas.EnrolmentIn)
@pages.output(schemas.EnrolmentOut, status_code=201)
@pages.doc(
    summary="Enrol a device by a code that a person showed it",
    description="The same request again gets the same certificate, as long as the code lives.",
    responses=_REFUSALS,
)
def enrol_device(json_data: dict[str, Any]) -> Any:
    parts, identity = web(), _identity()
    epoch = Site.select(Site.hub_epoch).where(Site.code == parts.site).scalar() or ""
    enrolling = Enrolling(parts.journal, identity, os.urandom, epoch)
    answer = enrolling.enrol(EnrolmentRequest(**json_data), request.remote_addr or "")
    parts.settings.tell_broker()  # before the device does: it connects as soon as it has this
    return answer


def _identity() -> HubIdentity:
    """Raises NoAuthority on a hub that encrypts nothing."""
    found = web().settings.identity
    if found is None:
        raise NoAuthority
    return found

"""The door to work on the floor: who gets it, and how it changes while somebody has it.

Gateway, events and pages come here; the parts are `offers`, `replanning` and `work_message`.
"""

from __future__ import annotations

from hub.warehouse.offers import (
    answered_offer,
    answered_revoke,
    expire_leases,
    forget_request,
    give_up,
    hand_over,
    offer_next,
    offer_waiting,
    renew_lease,
    revise,
    revoke,
    set_aside,
)
from hub.warehouse.replanning import (
    cancel_released,
    cancel_released_of,
    replan_displaced,
    replan_short,
)
from hub.warehouse.work_message import build_message

__all__ = [
    "answered_offer",
    "answered_revoke",
    "build_message",
    "cancel_released",
    "cancel_released_of",
    "expire_leases",
    "forget_request",
    "give_up",
    "hand_over",
    "offer_next",
    "offer_waiting",
    "renew_lease",
    "replan_displaced",
    "replan_short",
    "revise",
    "revoke",
    "set_aside",
]

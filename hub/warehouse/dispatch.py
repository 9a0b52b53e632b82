"""The door to work on the floor: who gets it, and how it changes while somebody has it.

Gateway, events and pages come here; the parts are `offers`, `taking_back`, `revisions`, `reserve`,
`leases`, `rest`, `replanning` and `work_message`.
"""

from __future__ import annotations

from hub.warehouse.leases import expire_leases, is_back, renew_lease
from hub.warehouse.offers import answered_offer, forget_request, offer_next, offer_waiting
from hub.warehouse.replanning import (
    cancel_released,
    cancel_released_of,
    replan_displaced,
    replan_short,
)
from hub.warehouse.reserve import ask_back_all, remember_cart
from hub.warehouse.reserve import carry_out as share_reserve
from hub.warehouse.rest import plan_anew
from hub.warehouse.revisions import revise
from hub.warehouse.taking_back import answered_revoke, give_up, hand_over, revoke, set_aside
from hub.warehouse.work_message import build_message

__all__ = [
    "answered_offer",
    "answered_revoke",
    "ask_back_all",
    "build_message",
    "cancel_released",
    "cancel_released_of",
    "expire_leases",
    "forget_request",
    "give_up",
    "hand_over",
    "is_back",
    "offer_next",
    "offer_waiting",
    "plan_anew",
    "remember_cart",
    "renew_lease",
    "replan_displaced",
    "replan_short",
    "revise",
    "revoke",
    "set_aside",
    "share_reserve",
]

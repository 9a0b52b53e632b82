"""Every way in which a device that was away and the hub can disagree when it comes back, as data.

Owns the names, what is opened for people, and who that is; docs/conflicts.md says what becomes of
each, and one test of each name plays it through. A later kind of work adds its rows to all three.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Who = Literal["nobody", "put-away", "packer", "supervisor"]


class Conflict(NamedTuple):
    """One kind. `opens` is the exception that stays open for `who`; empty when that is nobody."""

    name: str
    opens: str = ""
    who: Who = "nobody"


CONFLICTS: Final[tuple[Conflict, ...]] = (
    # work that was taken away meanwhile
    Conflict("REVOKED_NOT_BEGUN"),
    Conflict("REVOKED_BEGUN"),
    Conflict("REVOKED_FINISHED"),
    Conflict("RESERVE_ASKED_BACK_BEGUN"),
    Conflict("GIVEN_TO_ANOTHER"),
    Conflict("PICKED_BY_ANOTHER", "PUT_BACK", "put-away"),
    Conflict("OFFER_ANSWER_LOST"),
    Conflict("WAVE_HELD"),
    Conflict("WORK_GREW"),
    # silence
    Conflict("LEASE_OVER_NOT_TAKEN"),
    Conflict("LEASE_OVER_TAKEN"),
    Conflict("LEASE_OVER_BEGUN"),
    Conflict("REST_PLANNED_ANEW"),
    Conflict("HUB_AWAY"),
    # orders
    Conflict("ORDER_CANCELLED"),
    Conflict("ORDER_CANCELLED_PICKED", "PUT_BACK", "put-away"),
    Conflict("UNITS_CANCELLED", "PUT_BACK", "put-away"),
    # stock
    Conflict("BIN_COUNTED"),
    Conflict("BIN_COUNTED_EARLY", "LATE_MOVES", "supervisor"),
    Conflict("STOCK_GONE"),
    Conflict("STOCK_GONE_PICKED", "UNEXPLAINED_STOCK", "supervisor"),
    Conflict("BARCODE_CHANGED"),
    # totes
    Conflict("TOTE_AT_BENCH_EARLY"),
    Conflict("TOTE_PACKED_EARLY", "PACK_DIFFERENCE", "packer"),
    Conflict("TOTE_SHARED", "TOTE_SHARED", "packer"),
    # people
    Conflict("PERSON_ON_ANOTHER_DEVICE"),
    Conflict("OLD_LOGIN"),
    Conflict("PERSON_LEFT"),
    Conflict("PIN_CHANGED"),
    # storages
    Conflict("STORAGE_LOST"),
    Conflict("EVENTS_LOST", "LOST_RANGE", "supervisor"),
    Conflict("STORAGE_SET_BACK"),
    Conflict("STORAGE_CLONED", "PARKED_EVENT", "supervisor"),
    Conflict("DOUBLE_ENROLMENT", "DEVICE_TWICE", "supervisor"),
    Conflict("HUB_SET_BACK"),
    Conflict("WORK_UNKNOWN", "PUT_BACK", "put-away"),
    Conflict("EVENTS_PRUNED", "LOST_RANGE", "supervisor"),
    # the device itself
    Conflict("DEVICE_RETIRED", "REFUSED_MESSAGE", "supervisor"),
    Conflict("POISON_EVENT", "PARKED_EVENT", "supervisor"),
    Conflict("CLOCK_WRONG"),
    Conflict("OUTBOX_FULL"),
)

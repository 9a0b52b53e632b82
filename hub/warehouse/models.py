"""Tables of work on the floor: waves, assignments, their lines, slots and totes."""

from __future__ import annotations

import peewee

from hub.db import CountField, IdField, MomentField, Table


class Wave(Table):
    """Orders released together. States and their steps: `states.WAVE_STEPS`."""

    id = IdField(primary_key=True)
    site = peewee.TextField()
    code = peewee.TextField()
    title = peewee.TextField(default="")
    state = peewee.TextField()
    goal = peewee.TextField(default="")
    """Where the planner is to bring it: empty, ALLOCATED, RELEASED or CANCELLED."""
    method = peewee.TextField()
    """SINGLE or CLUSTER."""
    slots = CountField(default=1)
    lines_max = CountField(default=120)
    """Lines that one tour takes at most."""
    priority = CountField(default=0)
    plan = peewee.TextField(default="{}")
    """The stored preview: metres, bound, baseline, tours, shortages and why (JSON)."""
    orders_total = CountField(default=0)
    lines_total = CountField(default=0)
    tours_total = CountField(default=0)
    tours_released = CountField(default=0)
    """How far a release has come: tours of the plan that are assignments already."""
    walk_cm = CountField(default=0)
    baseline_cm = CountField(default=0)
    created_at = MomentField()
    released_at = MomentField(null=True)
    completed_at = MomentField(null=True)

    class Meta:
        table_name = "wave"
        indexes = ((("site", "code"), True), (("site", "state"), False))


class WaveComparison(Table):
    """The orders of a planned wave on another cart: asked for by a person, found by the planner."""

    wave = IdField()
    slots = CountField()
    asked_at = MomentField()
    figures = peewee.TextField(default="")
    """`comparing.PlanFigures` as JSON; empty until the planner has them."""

    class Meta:
        table_name = "wave_comparison"
        primary_key = peewee.CompositeKey("wave", "slots")


class Assignment(Table):
    """A piece of work for one person. `rev` grows at each change; the lease has a fencing token."""

    id = IdField(primary_key=True)
    site = peewee.TextField()
    wave = IdField(index=True)
    type = peewee.TextField(default="PICK")
    state = peewee.TextField()
    rev = CountField(default=1)
    method = peewee.TextField()
    slots = CountField(default=1)
    """Cart positions that it needs."""
    priority = CountField(default=0)
    sequence = CountField(default=0)
    device = peewee.TextField(default="")
    person = IdField(null=True)
    lease_until = MomentField(default=0)
    lease_token = CountField(default=0)
    """Grows with each new holder; work under an older token is a conflict, not a loss."""
    walk_cm = CountField(default=0)
    bound_cm = CountField(null=True)
    reason = peewee.TextField(default="")
    asked_back_at = MomentField(null=True)
    """When its holder was asked to give it back; empty once answered."""
    started_at = MomentField(null=True)
    completed_at = MomentField(null=True)
    work_s = CountField(default=0)
    """How long it takes, roughly."""
    held_since = MomentField(null=True)
    """When it was offered to its holder: what came last is asked back first. Of work that waits for
    one person: since when it does.
    """

    class Meta:
        table_name = "assignment"
        indexes = ((("site", "state", "priority", "sequence"), False), (("device",), False))


class WaveStream(Table):
    """How a site plans waves by itself, when somebody has switched that on."""

    site = peewee.TextField(primary_key=True)
    is_on = peewee.BooleanField(default=False)
    method = peewee.TextField(default="CLUSTER")
    slots = CountField(default=6)
    lines_max = CountField(default=120)
    orders_max = CountField(default=60)
    """Orders of one wave."""
    orders_ahead = CountField(default=6)
    """Plan when fewer released orders than this are left for each picker."""

    class Meta:
        table_name = "wave_stream"


class WorkRequest(Table):
    """A device whose person waits for work, because there was none when it asked."""

    site = peewee.TextField()
    device = peewee.TextField()
    person = IdField()
    slots = CountField(default=1)
    at = MomentField()

    class Meta:
        table_name = "work_request"
        primary_key = peewee.CompositeKey("site", "device")


class WorkReserve(Table):
    """How much work the devices of a site have ahead, when somebody has set it."""

    site = peewee.TextField(primary_key=True)
    minutes = CountField()

    class Meta:
        table_name = "work_reserve"


class DeviceCart(Table):
    """How many totes the cart of a device carries."""

    site = peewee.TextField()
    device = peewee.TextField()
    slots = CountField()

    class Meta:
        table_name = "device_cart"
        primary_key = peewee.CompositeKey("site", "device")


class AssignmentSlot(Table):
    """A cart position: one order."""

    assignment = IdField()
    slot = peewee.TextField()
    order = IdField(column_name="order_id", index=True)

    class Meta:
        table_name = "assignment_slot"
        primary_key = peewee.CompositeKey("assignment", "slot")


class SlotTote(Table):
    """Totes that stand, or stood, in a slot; the highest `n` is being filled."""

    assignment = IdField()
    slot = peewee.TextField()
    n = CountField()
    tote = IdField(index=True)

    class Meta:
        table_name = "slot_tote"
        primary_key = peewee.CompositeKey("assignment", "slot", "n")


class WorkLine(Table):
    """One instruction: take `quantity` from a bin. States: `WorkLineState` of the protocol."""

    id = IdField(primary_key=True)
    assignment = IdField()
    sequence = CountField()
    state = peewee.TextField()
    allocation = IdField(index=True)
    order = IdField(column_name="order_id")
    order_line = IdField()
    item = IdField()
    place = IdField(index=True)
    slot = peewee.TextField()
    quantity = CountField()
    counted = CountField(default=0)
    picked = CountField(default=0)
    replaces = IdField(null=True)
    """The line whose missing units this one fetches from another bin."""
    done_at = MomentField(null=True)

    class Meta:
        table_name = "work_line"
        indexes = ((("assignment", "sequence"), False),)


class LineAct(Table):
    """What an event did to a work line, kept so that it can be taken back (`ActUndone`)."""

    site = peewee.TextField()
    cause = peewee.TextField()
    n = CountField()
    """A short pick with units found is two acts of one event: what was picked, and what was not."""
    line = IdField()
    kind = peewee.TextField()
    """The event's type."""
    quantity = CountField(default=0)
    """Units that moved."""
    place = IdField(null=True)
    tote = IdField(null=True)
    allocation = IdField(null=True)
    """The claim that went along with the units."""
    unclaimed = CountField(default=0)
    """Units that moved without a claim: beyond the plan, or set aside until a count."""
    before_state = peewee.TextField()
    before_counted = CountField()
    before_picked = CountField()
    undone_by = peewee.TextField(null=True)

    class Meta:
        table_name = "line_act"
        primary_key = peewee.CompositeKey("site", "cause", "n")

"""What somebody may want done with waves, work and exceptions, as commands.

Those of the planner have no permission: it asks for nobody. The bench's are in `pack_acts`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.command import Command, Id, command
from hub.journal import Act
from hub.warehouse import (
    comparing,
    counts,
    dispatch,
    exception_totes,
    exceptions,
    kept_work,
    order_pool,
    service,
)
from hub.warehouse.device_events import EVENT_HANDLERS
from hub.warehouse.exception_totes import Settled
from hub.warehouse.leases import Over
from hub.warehouse.order_pool import OrderFilter
from hub.warehouse.queries import Preview
from hub.warehouse.reserve import ReservePlan
from hub.warehouse.reserve_setting import set_minutes
from hub.warehouse.streaming import Stream

PLAN = "warehouse.plan"
ASSIGN = "warehouse.assign"


# --- waves ----------------------------------------------------------------------------------------


@command("warehouse.plan_wave", needs=PLAN)
class PlanWave(Command[bytes], frozen=True):
    """Take these orders into a new wave; returns its id."""

    orders: tuple[Id, ...]
    method: str = "CLUSTER"
    slots: int = 6
    lines_max: int = 120
    title: str = ""
    priority: int = 0
    goal: str = ""

    def carry_out(self, act: Act) -> bytes:
        return service.plan_wave(
            act, self.orders, method=self.method, slots=self.slots, lines_max=self.lines_max,
            title=self.title, priority=self.priority, goal=self.goal,
        )  # fmt: skip


@command("warehouse.plan_due", needs=PLAN)
class PlanDueOrders(Command[bytes], frozen=True):
    """Take whatever is due into a new wave; returns its id."""

    due_before_us: int | None = None
    orders_max: int = 60
    method: str = "CLUSTER"
    slots: int = 6
    title: str = ""

    def carry_out(self, act: Act) -> bytes:
        wanted = OrderFilter(due_before=self.due_before_us, orders_max=self.orders_max)
        return service.plan_wave(
            act, order_pool.due_orders(act.site, wanted), method=self.method, slots=self.slots,
            title=self.title,
        )  # fmt: skip


@command("warehouse.set_goal", needs=PLAN)
class SetGoal(Command[None], frozen=True):
    """Ask the planner to bring a wave to ALLOCATED or RELEASED, or to take it back (CANCELLED)."""

    wave: Id
    goal: str

    def carry_out(self, act: Act) -> None:
        service.set_goal(act, self.wave, self.goal)


@command("warehouse.hold_wave", needs=PLAN)
class HoldWave(Command[None], frozen=True):
    wave: Id

    def carry_out(self, act: Act) -> None:
        service.hold_wave(act, self.wave)


@command("warehouse.resume_wave", needs=PLAN)
class ResumeWave(Command[None], frozen=True):
    wave: Id

    def carry_out(self, act: Act) -> None:
        service.resume_wave(act, self.wave)


@command("warehouse.set_stream", needs=PLAN)
class SetStream(Command[None], frozen=True):
    """Let waves plan themselves, or stop that."""

    stream: Stream

    def carry_out(self, act: Act) -> None:
        service.set_stream(act, self.stream)


@command("warehouse.store_preview")
class StorePreview(Command[None], frozen=True):
    """The planner chose these tours: how it found them is no part of the act."""

    wave: Id
    preview: Preview

    def carry_out(self, act: Act) -> None:
        service.store_preview(act, self.wave, self.preview)


@command("warehouse.ask_comparison", needs=PLAN)
class AskComparison(Command[None], frozen=True):
    """What would the wave's orders cost on carts of so many slots?"""

    wave: Id
    slots: int

    def carry_out(self, act: Act) -> None:
        comparing.ask(act, self.wave, self.slots)


@command("warehouse.store_comparison")
class StoreComparison(Command[bool], frozen=True):
    """The planner found this; False when nobody waits for it any more."""

    wave: Id
    slots: int
    figures: comparing.PlanFigures

    def carry_out(self, act: Act) -> bool:
        return comparing.store(act, self.wave, self.slots, self.figures)


@command("warehouse.allocate_wave")
class AllocateWave(Command[bool], frozen=True):
    """One slice; True when the wave is allocated."""

    wave: Id

    def carry_out(self, act: Act) -> bool:
        return service.allocate_wave(act, self.wave)


@command("warehouse.release_wave")
class ReleaseWave(Command[bool], frozen=True):
    """One slice; True when the wave is released."""

    wave: Id

    def carry_out(self, act: Act) -> bool:
        return service.release_wave(act, self.wave)


@command("warehouse.cancel_wave")
class CancelWave(Command[bool], frozen=True):
    """One slice; True when the wave is cancelled."""

    wave: Id

    def carry_out(self, act: Act) -> bool:
        return service.cancel_wave(act, self.wave)


@command("warehouse.close_wave")
class CloseWave(Command[str | None], frozen=True):
    """COMPLETED when all its work is over, CLOSED when its goods have left the floor too."""

    wave: Id

    def carry_out(self, act: Act) -> str | None:
        return service.close_if_done(act, self.wave)


# --- work -----------------------------------------------------------------------------------------


@command("warehouse.revoke_work", needs=ASSIGN)
class RevokeWork(Command[None], frozen=True):
    """Ask work back; it stays with its holder until they answer."""

    assignment: Id
    reason: str = "BY_SUPERVISOR"

    def carry_out(self, act: Act) -> None:
        dispatch.revoke(act, self.assignment, self.reason)


@command("warehouse.hand_over_work", needs=ASSIGN)
class HandOverWork(Command[None], frozen=True):
    """Give work to whoever asks next, or to `person`, without waiting for its holder."""

    assignment: Id
    person: Id | None = None
    reason: str = "BY_SUPERVISOR"

    def carry_out(self, act: Act) -> None:
        dispatch.hand_over(act, self.assignment, self.reason, person=self.person)


@command("warehouse.set_aside_work", needs=ASSIGN)
class SetAsideWork(Command[None], frozen=True):
    """Keep work that nobody holds for one person, or (None) for whoever asks."""

    assignment: Id
    person: Id | None = None

    def carry_out(self, act: Act) -> None:
        dispatch.set_aside(act, self.assignment, self.person)


@command("warehouse.recall_work", needs=ASSIGN)
class RecallWork(Command[None], frozen=True):
    """Take work off the floor before anybody began; its units can be planned again."""

    assignment: Id
    reason: str = "BY_SUPERVISOR"

    def carry_out(self, act: Act) -> None:
        service.recall_assignment(act, self.assignment, self.reason)


@command("warehouse.offer_waiting")
class OfferWaiting(Command[int], frozen=True):
    """Offer work to the devices that wait for some; returns how many got an offer."""

    def carry_out(self, act: Act) -> int:
        return dispatch.offer_waiting(act)


@command("warehouse.expire_leases")
class ExpireLeases(Command[int], frozen=True):
    """End the leases whose holders are missed, renew those of devices that are there; returns how
    many. Who is there was looked up outside: presence is in no journal.
    """

    ended: tuple[Id, ...]
    kept: tuple[Id, ...] = ()

    def carry_out(self, act: Act) -> int:
        return dispatch.expire_leases(act, Over(self.ended, self.kept))


@command("warehouse.remind_of_kept")
class RemindOfKept(Command[int], frozen=True):
    """Say which work waits too long for its person, and of which that is over."""

    forgotten: tuple[Id, ...]
    over: tuple[Id, ...] = ()

    def carry_out(self, act: Act) -> int:
        return kept_work.remind(act, kept_work.Kept(self.forgotten, self.over))


class ReserveOffer(msgspec.Struct, frozen=True):
    """READY work for a device that has something to do already."""

    assignment: Id
    device: str
    person: Id


@command("warehouse.share_reserve")
class ShareReserve(Command[int], frozen=True):
    """Hand work ahead out to devices, and ask some back; returns how much was done of it."""

    offers: tuple[ReserveOffer, ...]
    asks: tuple[Id, ...]

    def carry_out(self, act: Act) -> int:
        offers = tuple((one.assignment, one.device, one.person) for one in self.offers)
        return dispatch.share_reserve(act, ReservePlan(offers, self.asks))


@command("warehouse.set_reserve", needs=PLAN)
class SetReserve(Command[None], frozen=True):
    """How many minutes of work the devices of the site have ahead."""

    reserve_work_minutes: int

    def carry_out(self, act: Act) -> None:
        set_minutes(act, self.reserve_work_minutes)


# --- exceptions and counts ------------------------------------------------------------------------


@command("warehouse.settle_exception")
class SettleException(Command[str], frozen=True):
    """Carry out one way to settle an exception; returns what became of it.

    Each way has a permission of its own (`exceptions.Remedy`).
    """

    exception: Id
    remedy: str
    answers: dict[str, Any] = {}

    def carry_out(self, act: Act) -> str:
        return exceptions.settle(
            act, self.exception, self.remedy, self.answers, handlers=EVENT_HANDLERS
        )


@command("warehouse.settle_tote", needs="warehouse.settle_exception")
class SettleTote(Command[Settled], frozen=True):
    """Put back what a tote holds for nobody, or write it off: all of it, or all of one article.
    Repeat while something is left.
    """

    tote: Id
    way: str
    answers: dict[str, Any] = {}
    item: Id | None = None

    def carry_out(self, act: Act) -> Settled:
        return exception_totes.settle(act, self.tote, self.way, self.answers, item=self.item)


@command("warehouse.settle_count")
class SettleCount(Command[bool], frozen=True):
    """Settle a count that every device has been heard for."""

    count: Id

    def carry_out(self, act: Act) -> bool:
        return counts.settle_ready(act, self.count)


@command("warehouse.ask_devices")
class AskDevices(Command[int], frozen=True):
    """Ask the devices that counts wait for how far they are; returns how many counts wait."""

    def carry_out(self, act: Act) -> int:
        return counts.ask_again(act)

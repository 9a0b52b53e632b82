"""Who gets which work: offers, answers, leases, taking back, and work that changes in hand."""

from __future__ import annotations

import msgspec
import pytest

from hub.errors import NotFound, WrongState
from hub.floor_exceptions import FloorException
from hub.inventory import claims, facts
from hub.inventory import service as inventory
from hub.inventory.posting import NotEnoughStock, balance_id, post, real
from hub.orders.models import LineMove, OrderLine
from hub.outbox import OutboxMessage
from hub.warehouse import dispatch, offers, progress, queries, service
from hub.warehouse.models import Assignment, WorkLine, WorkRequest
from hub.warehouse.replanning import Replanned
from hub.warehouse.work_context import read_line, set_line
from protocols.limits import PAYLOAD_BYTES_MAX
from protocols.messages.codec import encode
from protocols.messages.commands import OfferAssignment, RevokeAssignment
from tests.hub import builders
from tests.hub.warehouse import floorwork as floor
from tests.hub.warehouse.floorwork import ANNA, BEN


def read(id: bytes) -> Assignment:
    return Assignment.get_by_id(id)


def with_work(hub, orders: int = 2, slots: int = 1) -> list[bytes]:
    """Released assignments, first to be handed out first."""
    wave = floor.released(hub, floor.simple_world(hub, orders), slots=slots)
    return [work.id for work in floor.assignments(wave)]


def taken(hub, id: bytes, device: str = "hh-1", person: bytes = ANNA) -> None:
    """Offered to, accepted and started by this person."""
    assert floor.ask(hub, device, person)
    floor.answer(hub, id, device)
    floor.start(hub, id, device, person)


# --- offers ---------------------------------------------------------------------------------------


def test_two_pickers_in_one_zone_never_get_the_same_line(hub):
    """Lesson 25: whoever asks second gets the next work, and then none."""
    first, second = with_work(hub, 2)
    assert floor.ask(hub, "hh-1", ANNA)
    assert floor.ask(hub, "hh-2", BEN)
    assert not floor.ask(hub, "hh-3")
    got = {floor.offered(hub, "hh-1").id, floor.offered(hub, "hh-2").id}
    assert got == {first.hex(), second.hex()}
    lines = [line.id for device in ("hh-1", "hh-2") for line in floor.offered(hub, device).lines]
    assert len(lines) == len(set(lines)) == 4


def test_an_offer_carries_everything_that_is_needed_without_radio(hub):
    (id,) = with_work(hub, 2, slots=6)
    floor.ask(hub, "hh-1")
    offer = floor.offered(hub, "hh-1")
    assert (offer.id, offer.rev, offer.method, offer.lease_s) == (id.hex(), 2, "CLUSTER", 10_800)
    assert offer.person == ANNA.hex()
    first = offer.lines[0]
    assert (first.bin, first.sku, first.expected) == ("A-01-01-1", "MUG", 50)
    assert (first.x_cm, first.y_cm) == (0, 175)
    assert [slot.slot for slot in offer.slots] == ["1", "2"]
    assert all(slot.order.startswith("SO-") for slot in offer.slots)
    assert len(encode(offer)) < PAYLOAD_BYTES_MAX


def test_whoever_has_work_not_begun_asks_for_more_in_vain(hub):
    """Off line somebody asks every minute: they need one piece of work and not a hundred."""
    with_work(hub, 3)
    assert [floor.ask(hub, "hh-1") for _ in range(3)] == [True, False, False]
    assert WorkRequest.select().count() == 0
    assert floor.ask(hub, "hh-2")


def test_work_goes_only_to_a_cart_that_it_fits(hub):
    with_work(hub, 3, slots=6)
    assert not floor.ask(hub, "small", slots=2)
    assert floor.ask(hub, "large", BEN, slots=3)


def test_urgent_waves_are_handed_out_first(hub):
    plain = with_work(hub, 1)
    urgent = floor.released(hub, [builders.order(hub, {"MUG": 1})], priority=5)
    floor.ask(hub, "hh-1")
    assert read(floor.only(urgent).id).state == "OFFERED"
    assert read(plain[0]).state == "READY"


def test_whoever_found_no_work_gets_it_as_soon_as_there_is_some(hub):
    assert not floor.ask(hub, "hh-1", ANNA, slots=6)
    (id,) = with_work(hub, 1)
    assert read(id).state == "OFFERED"
    assert floor.offered(hub, "hh-1").id == id.hex()
    assert WorkRequest.select().count() == 0


def test_whoever_logs_out_waits_for_no_work_any_more(hub):
    floor.ask(hub, "hh-1")
    with hub.act() as act:
        dispatch.forget_request(act, "hh-1")
    (id,) = with_work(hub, 1)
    assert read(id).state == "READY"


def test_an_accepted_offer_is_leased_and_a_repeated_answer_changes_nothing(hub):
    (id,) = with_work(hub, 1)
    floor.ask(hub, "hh-1")
    floor.answer(hub, id, "hh-1")
    after = read(id)
    assert (after.state, after.device, after.person) == ("ASSIGNED", "hh-1", ANNA)
    assert after.lease_until == hub.clock.now_us() + progress.LEASE_US
    floor.answer(hub, id, "hh-1")
    assert read(id).rev == after.rev
    assert [type(data) for data in floor.sent(hub, "hh-1")] == [OfferAssignment]


def test_a_declined_offer_is_anybodys_again_under_a_new_token(hub):
    (id,) = with_work(hub, 1)
    floor.ask(hub, "hh-1")
    token = read(id).lease_token
    floor.answer(hub, id, "hh-1", accepted=False, code="HANDS_FULL")
    after = read(id)
    assert (after.state, after.device, after.person, after.reason) == (
        "READY", "", None, "HANDS_FULL",
    )  # fmt: skip
    assert after.lease_token > token
    assert floor.ask(hub, "hh-2", BEN)


def test_who_accepts_too_late_is_told_to_let_go(hub):
    (id,) = with_work(hub, 1)
    floor.ask(hub, "hh-1")
    hub.clock.advance(us=offers.OFFER_US)
    floor.settle(hub)
    assert read(id).state == "READY"
    floor.ask(hub, "hh-2", BEN)
    floor.answer(hub, id, "hh-2")
    floor.answer(hub, id, "hh-1")
    assert (read(id).state, read(id).device) == ("ASSIGNED", "hh-2")
    assert isinstance(floor.sent(hub, "hh-1")[-1], RevokeAssignment)
    floor.start(hub, id, "hh-2", BEN)
    assert read(id).state == "IN_PROGRESS"


# --- suspended and resumed ------------------------------------------------------------------------


def test_suspended_work_is_resumed_on_any_device_by_the_same_person(hub):
    first, second = with_work(hub, 2)
    taken(hub, first)
    line = floor.work_lines(first)[0]
    WorkLine.update(state="ITEM_VERIFIED", counted=1).where(WorkLine.id == line.id).execute()
    with floor.device_act(hub, "hh-1") as act:
        progress.suspend(act, first, "LOGOUT")
    before = read(first)
    assert floor.ask(hub, "hh-2", BEN)
    assert floor.offered(hub, "hh-2").id == second.hex()
    assert floor.ask(hub, "hh-3", ANNA)
    resumed = floor.offered(hub, "hh-3")
    assert (resumed.id, resumed.rev) == (first.hex(), before.rev + 1)
    assert (resumed.lines[0].state, resumed.lines[0].counted) == ("ITEM_VERIFIED", 1)
    assert read(first).lease_token == before.lease_token + 1
    revoked = floor.sent(hub, "hh-1")[-1]
    assert (revoked.assignment, revoked.rev) == (first.hex(), before.rev)
    floor.answer(hub, first, "hh-3")
    with hub.act() as act:
        dispatch.answered_revoke(act, first, "hh-1", accepted=True)
    assert (read(first).state, read(first).device) == ("SUSPENDED", "hh-3")


def test_resuming_on_the_same_device_is_the_same_revision(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    with floor.device_act(hub, "hh-1") as act:
        progress.suspend(act, id, "BREAK")
    rev = read(id).rev
    assert floor.ask(hub, "hh-1")
    assert floor.offered(hub, "hh-1").rev == rev == read(id).rev


# --- taking back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("begun", [False, True])
def test_revoked_work_stays_with_its_holder_until_they_answer(hub, begun):
    (id,) = with_work(hub, 1)
    floor.ask(hub, "hh-1")
    floor.answer(hub, id, "hh-1")
    if begun:
        floor.start(hub, id, "hh-1")
    with hub.act() as act:
        dispatch.revoke(act, id, "needed at the dock")
    state = "IN_PROGRESS" if begun else "ASSIGNED"
    assert (read(id).state, read(id).device) == (state, "hh-1")
    assert not floor.ask(hub, "hh-2", BEN)
    with hub.act() as act:
        dispatch.answered_revoke(act, id, "hh-1", accepted=True)
    assert (read(id).state, read(id).device) == ("READY", "")
    floor.settle(hub)
    assert floor.offered(hub, "hh-2").id == id.hex()


def test_an_answer_about_work_that_is_with_somebody_else_changes_nothing(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    with hub.act() as act:
        dispatch.answered_revoke(act, id, "hh-1", accepted=True)
    assert (read(id).state, read(id).device) == ("IN_PROGRESS", "hh-1")
    with hub.act() as act:
        dispatch.hand_over(act, id, "battery empty")
    taken(hub, id, "hh-2", BEN)
    with hub.act() as act:
        dispatch.answered_revoke(act, id, "hh-1", accepted=True)
    assert (read(id).state, read(id).device) == ("IN_PROGRESS", "hh-2")


def test_work_kept_for_somebody_goes_to_them_first_and_to_nobody_else(hub):
    first, second = with_work(hub, 2)
    with hub.act() as act:
        dispatch.set_aside(act, second, BEN)
    assert floor.ask(hub, "hh-1", ANNA)
    assert read(first).device == "hh-1"
    assert not floor.ask(hub, "hh-1", ANNA), "what is left is kept for Ben"
    assert floor.ask(hub, "hh-2", BEN)
    assert (read(second).device, read(second).person) == ("hh-2", BEN)


def test_kept_work_that_is_set_free_or_declined_is_anybodys(hub):
    (id,) = with_work(hub, 1)
    with hub.act() as act:
        dispatch.set_aside(act, id, BEN)
    assert not floor.ask(hub, "hh-1", ANNA)
    assert floor.ask(hub, "hh-2", BEN)
    floor.answer(hub, id, "hh-2", accepted=False, code="NO_CART")
    with hub.act() as act:
        assert dispatch.offer_waiting(act) == 1
    assert read(id).device == "hh-1"
    with pytest.raises(WrongState), hub.act() as act:
        dispatch.set_aside(act, id, None)


def test_work_handed_over_to_a_person_waits_for_their_next_request(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    with hub.act() as act:
        dispatch.hand_over(act, id, "BY_SUPERVISOR", person=BEN)
    assert isinstance(floor.sent(hub, "hh-1")[-1], RevokeAssignment)
    assert not floor.ask(hub, "hh-1", ANNA)
    assert floor.ask(hub, "hh-2", BEN)
    assert read(id).device == "hh-2"


def test_a_refused_revocation_leaves_the_work_where_it_is(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    with hub.act() as act:
        dispatch.revoke(act, id, "x")
    with hub.act() as act:
        dispatch.answered_revoke(act, id, "hh-1", accepted=False, code="LINE_IN_HAND")
    after = read(id)
    assert (after.state, after.asked_back_at, after.reason) == (
        "IN_PROGRESS", None, "LINE_IN_HAND",
    )  # fmt: skip


# --- leases ---------------------------------------------------------------------------------------


def test_work_not_begun_is_free_when_its_lease_is_over(hub):
    (id,) = with_work(hub, 1)
    floor.ask(hub, "hh-1")
    floor.answer(hub, id, "hh-1")
    hub.clock.advance(us=progress.LEASE_US - 10_000)
    floor.settle(hub)
    assert read(id).state == "ASSIGNED"
    hub.clock.advance(us=20_000)
    floor.settle(hub)
    assert (read(id).state, read(id).device) == ("READY", "")
    assert isinstance(floor.sent(hub, "hh-1")[-1], RevokeAssignment)


def test_a_picker_who_is_silent_for_hours_is_not_stopped_but_a_supervisor_is_told_once(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    for _ in range(3):
        hub.clock.advance(us=progress.LEASE_US + 1)
        floor.settle(hub)
    assert (read(id).state, read(id).device) == ("IN_PROGRESS", "hh-1")
    (told,) = FloorException.select().where(FloorException.kind == "LEASE_EXPIRED")
    assert (told.assignment, told.person) == (id, ANNA)


def test_a_sign_of_life_renews_the_lease_of_the_holder_alone(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    with hub.act() as act:
        assert dispatch.renew_lease(act, id, "hh-1")
        assert not dispatch.renew_lease(act, id, "hh-2")
        moment = act.now_us
    assert read(id).lease_until == moment + progress.LEASE_US


# --- states ---------------------------------------------------------------------------------------

STATES = (
    "CREATED", "READY", "OFFERED", "ASSIGNED", "IN_PROGRESS", "SUSPENDED", "EXCEPTION",
    "COMPLETED", "CANCELLED",
)  # fmt: skip
HELD = {"OFFERED", "ASSIGNED", "IN_PROGRESS", "SUSPENDED", "EXCEPTION"}
ACTS = {
    "revoke": (lambda act, id: dispatch.revoke(act, id, "x"), {s: s for s in HELD}),
    "give_up": (lambda act, id: dispatch.give_up(act, id, "x"), dict.fromkeys(HELD, "READY")),
    "hand_over": (lambda act, id: dispatch.hand_over(act, id, "x"), dict.fromkeys(HELD, "READY")),
    "recall": (lambda act, id: service.recall_assignment(act, id, "x"), {"READY": "CANCELLED"}),
}


@pytest.mark.parametrize("name", ACTS)
def test_every_act_on_work_is_refused_by_name_in_states_that_do_not_allow_it(sqlite_hub, name):
    hub = sqlite_hub
    do, legal = ACTS[name]
    ids = with_work(hub, len(STATES))
    for id, state in zip(ids, STATES, strict=True):
        Assignment.update(state=state, device="hh-1").where(Assignment.id == id).execute()
        if state in legal:
            with hub.act() as act:
                do(act, id)
        else:
            with pytest.raises(WrongState) as refusal, hub.act() as act:
                do(act, id)
            assert refusal.value.what == "assignment"
        assert read(id).state == legal.get(state, state)


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("device", ["hh-1", "hh-2"])
def test_answers_move_work_only_where_the_state_machine_has_an_arrow(sqlite_hub, accepted, device):
    hub = sqlite_hub
    ids = with_work(hub, len(STATES))
    moves = {"OFFERED": "ASSIGNED"} if accepted else {"OFFERED": "READY", "ASSIGNED": "READY"}
    for id, state in zip(ids, STATES, strict=True):
        Assignment.update(state=state, device="hh-1").where(Assignment.id == id).execute()
        floor.answer(hub, id, device, accepted)
        expected = moves.get(state, state) if device == "hh-1" else state
        assert read(id).state == expected


def test_an_answer_about_work_that_never_was_is_refused_by_name(hub):
    with pytest.raises(NotFound, match="assignment"), hub.act() as act:
        dispatch.answered_offer(act, b"x" * 16, "hh-1", True, "")


# --- work that changes while somebody has it ------------------------------------------------------


def short(hub, line: WorkLine, device: str = "hh-1") -> Replanned:
    """The picker finds nothing; what the event's handler does before it asks for a new plan."""
    with floor.device_act(hub, device) as act:
        at_work = read_line(act, line.id)
        claims.let_go(act, at_work.claim, "SHORTED")
        set_line(act, at_work, "SHORT", 0, 0)
        aside = facts.set_doubtful(act, at_work.goods, at_work.bin, line.quantity, "EMPTY")
        dispatch.replan_displaced(act, aside.gave_way)
        return dispatch.replan_short(act, line.id, line.quantity)


def test_missing_units_are_fetched_from_another_bin_in_the_best_place_of_the_tour(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    mug, bowl = floor.work_lines(id)
    rev = read(id).rev
    done = short(hub, mug)
    assert (done.found, done.backordered, len(done.lines)) == (2, 0, 1)
    lines = floor.work_lines(id)
    assert [line.id for line in lines] == [mug.id, done.lines[0], bowl.id]
    assert (lines[1].replaces, lines[1].slot, lines[1].state) == (mug.id, mug.slot, "OPEN")
    revised = floor.offered(hub, "hh-1")
    assert revised.rev == rev + 1 == read(id).rev
    assert [line.bin for line in revised.lines] == ["A-01-01-1", "A-02-09-1", "A-05-20-1"]
    assert [line.state for line in revised.lines] == ["SHORT", "OPEN", "OPEN"]
    floor.assert_true_books(hub)


def test_units_that_no_bin_has_wait_with_the_reason_and_nobody_is_disturbed(hub):
    builders.stock(hub, "B1", "MUG", 3)
    id = builders.order(hub, {"MUG": 3})
    work = floor.only(floor.released(hub, [id]))
    taken(hub, work.id)
    rev = read(work.id).rev
    (line,) = floor.work_lines(work.id)
    done = short(hub, line)
    assert (done.found, done.backordered) == (0, 3)
    assert floor.stages(id) == {"backordered": 3}
    assert read(work.id).rev == rev
    (move,) = LineMove.select().where(LineMove.to_stage == "backordered")
    assert msgspec.json.decode(move.reason)["code"] == "NOT_FREE"
    floor.assert_true_books(hub)


def test_a_short_pick_displaces_those_who_were_promised_the_same_bin(hub):
    """Two people were sent to one bin; the first finds it empty, the second is sent elsewhere."""
    first, second = with_work(hub, 2)
    taken(hub, first)
    taken(hub, second, "hh-2", BEN)
    short(hub, floor.work_lines(first)[0])
    revised = floor.offered(hub, "hh-2")
    open_bins = [line.bin for line in revised.lines if line.state == "OPEN"]
    assert open_bins == ["A-02-09-1", "A-05-20-1"]
    assert read(second).rev == revised.rev
    floor.assert_true_books(hub)


def test_a_fact_that_takes_part_of_a_promise_shrinks_the_line_and_finds_the_rest(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    goods = builders.goods(hub, "MUG")
    with hub.act() as act:
        bin = real(hub.site, "BIN", "A-01-01-1")
        gave_way = inventory.release_claims(act, balance_id(hub.site, goods, bin), 1)
        dispatch.replan_displaced(act, gave_way)
    quantities = [(line.quantity, line.state) for line in floor.work_lines(id)]
    assert sorted(quantities) == [(1, "OPEN"), (1, "OPEN"), (1, "OPEN")]
    floor.assert_true_books(hub)


def test_a_claim_that_is_only_allocated_is_moved_to_another_bin_in_silence(hub):
    ids = floor.simple_world(hub, 1)
    wave = floor.wave(hub, ids, goal="ALLOCATED")
    floor.settle(hub)
    goods = builders.goods(hub, "MUG")
    source, target = real(hub.site, "BIN", "A-01-01-1"), real(hub.site, "DOCK", "D1")
    with hub.act() as act:
        inventory.ensure_place(act, "DOCK", "D1")
        with pytest.raises(NotEnoughStock):
            post(act, goods, 50, source, target, "x")
        dispatch.replan_displaced(act, facts.take(act, goods, 50, source, target, "x"))
    assert floor.stages(ids[0]) == {"allocated": 3}
    with hub.act() as act:
        service.set_goal(act, wave, "RELEASED")
    floor.settle(hub)
    lines = floor.work_lines(floor.only(wave).id)
    places = queries.inventory.places([line.place for line in lines])
    assert [places[line.place].code for line in lines] == ["A-02-09-1", "A-05-20-1"]
    floor.assert_true_books(hub)


def test_released_units_that_nobody_wants_any_more_leave_the_work_and_free_their_stock(hub):
    """Lesson 39: the order's line goes, and so does the picker's."""
    (id,) = with_work(hub, 1)
    taken(hub, id)
    mug, _ = floor.work_lines(id)
    with hub.act() as act:
        assert dispatch.cancel_released(act, mug.order_line, 1, "changed their mind") == 1
    assert floor.offered(hub, "hh-1").lines[0].quantity == 1
    with hub.act() as act:
        assert dispatch.cancel_released(act, mug.order_line, 5, "changed their mind") == 1
    assert [line.state for line in floor.offered(hub, "hh-1").lines] == ["CANCELLED", "OPEN"]
    line = OrderLine.get_by_id(mug.order_line)
    assert (line.released, line.cancelled) == (0, 2)
    floor.assert_true_books(hub)


def test_an_obsolete_revision_is_not_sent_any_more(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    for _ in range(3):
        with hub.act() as act:
            dispatch.revise(act, id)
    standing = OutboxMessage.select().where(OutboxMessage.state == "UNSENT")
    assert standing.count() == 1
    assert floor.offered(hub, "hh-1").rev == read(id).rev


def test_a_line_fits_between_neighbours_also_when_their_numbers_leave_no_room(hub):
    (id,) = with_work(hub, 1)
    taken(hub, id)
    mug, bowl = floor.work_lines(id)
    WorkLine.update(sequence=mug.sequence + 1).where(WorkLine.id == bowl.id).execute()
    done = short(hub, mug)
    assert [line.id for line in floor.work_lines(id)] == [mug.id, done.lines[0], bowl.id]

"""One order from plan to the message on the picker's device, on each database."""

from __future__ import annotations

import msgspec

from hub.inventory.service import define_bins
from hub.outbox import OutboxMessage
from hub.warehouse import dispatch, queries, service
from hub.warehouse.floor import demo_floor
from protocols.messages.codec import decode
from protocols.messages.commands import Command, OfferAssignment, command_data
from tests.hub import builders

PERSON = b"p" * 16


def test_an_order_becomes_an_offer_with_bins_codes_and_expected_stock(hub):
    with hub.act() as act:
        define_bins(act, [demo_floor().bin("A-01-01-1"), demo_floor().bin("A-02-01-1")])
    builders.stock(hub, "A-01-01-1", "MUG", 5)
    builders.stock(hub, "A-02-01-1", "BOWL", 1)
    order = builders.order(hub, {"MUG": 2, "BOWL": 3})
    with hub.act() as act:
        wave = service.plan_wave(act, [order], method="SINGLE")
    with hub.act() as act:
        assert not service.allocate_wave(act, wave)
        assert service.allocate_wave(act, wave)
    with hub.act() as act:
        assert service.release_wave(act, wave)
    with hub.act() as act:
        assert dispatch.offer_next(act, "hh-1", PERSON)
    (sent,) = OutboxMessage.select()
    command = decode(Command, bytes(sent.payload))
    offer = command_data(command)
    assert isinstance(offer, OfferAssignment)
    lines = [(line.bin, line.sku, line.quantity, line.expected) for line in offer.assignment.lines]
    assert lines == [("A-01-01-1", "MUG", 2, 5), ("A-02-01-1", "BOWL", 1, 1)]
    assert offer.assignment.lines[0].codes["MUG"] == 1
    stored = queries.preview_of(queries.wave(wave))
    (short,) = stored.shortages
    assert (short.sku, short.missing, short.code) == ("BOWL", 2, "ALL_CLAIMED")
    assert msgspec.json.encode(stored)

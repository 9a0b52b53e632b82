"""What goes in and out of the API: the shapes that OpenAPI describes."""

from __future__ import annotations

from typing import Any, Final

from apiflask import Schema
from apiflask.fields import Dict, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range

from hub.api.fields import Pattern, QueryNumber, Unicode, WholeNumber, YesNo
from hub.health.rules import LEVELS
from hub.orders.models import STAGES
from hub.orders.order_lists import VIEWS
from hub.staff.rules import DIVISION_SIGNS_MAX
from hub.warehouse.waves import METHODS
from protocols.limits import PEM_CHARS_MAX

ID: Final = Pattern("^[0-9a-f]{32}$")
NAME: Final = Pattern("^[a-z0-9][a-z0-9-]{0,31}$")
PLAIN: Final = Pattern(r"^[^\x00-\x1f\x7f]*$")
"""Text on one line; a NUL is no text in PostgreSQL."""
ORDER_CURSOR: Final = Pattern("^([0-9]{1,18}~[0-9a-f]{32})?$")
QUANTITY_MAX: Final = 10**6
MICROS_MAX: Final = 10**15
MOMENT_MAX: Final = 4 * 10**15
PAGE_ROWS_MAX: Final = 200


def text(most: int, least: int = 0, **extra: Any) -> String:
    return String(validate=[Length(least, most), PLAIN, Unicode()], **extra)


def count(most: int = QUANTITY_MAX, least: int = 1, **extra: Any) -> WholeNumber:
    return WholeNumber(validate=Range(least, most), **extra)


class Problem(Schema):
    """A refusal: `code` is for programs, `text` for people, `values` fill a text of your own."""

    code = String(required=True)
    text = String(required=True)
    values = Dict(keys=String())


class Health(Schema):
    site = String()
    journal_position = Integer()
    now_us = Integer()


class StatusCheck(Schema):
    name = String()
    level = String(validate=OneOf(LEVELS))
    code = String(metadata={"description": "What is so, in one word"})
    values = Dict()


class Status(Schema):
    level = String(validate=OneOf(LEVELS), metadata={"description": "The worst of all checks"})
    checks = List(Nested(StatusCheck))


class Made(Schema):
    id = String(required=True, validate=ID)
    was_known = YesNo(
        metadata={"description": "The same idempotency key came before; nothing changed now."}
    )


class IdempotencyHeader(Schema):
    """A text of your choice, the same for each try of one wish."""

    idempotency_key = String(
        required=True, data_key="Idempotency-Key", validate=[Length(1, 80), Pattern("^[!-~]+$")]
    )


NEXT: Final = {"description": "`next` of the page before"}


class ListQuery(Schema):
    after = text(200, metadata=NEXT)
    limit = QueryNumber(load_default=50, validate=Range(1, PAGE_ROWS_MAX))


class OrderQuery(ListQuery):
    after = String(validate=ORDER_CURSOR, metadata=NEXT)
    view = String(load_default="all", validate=OneOf(VIEWS))
    q = text(80, load_default="")


class NewOrderLine(Schema):
    sku = text(60, 1, required=True)
    quantity = count(required=True)
    price_micros = count(MICROS_MAX, 0, load_default=0)


class NewOrder(Schema):
    """An order of one of your channels; the pair (channel, external_id) comes in once."""

    channel = text(40, 1, required=True)
    external_id = text(80, 1, allow_none=True, load_default=None)
    customer = text(80, 1, allow_none=True, load_default=None)
    division = text(DIVISION_SIGNS_MAX, load_default="")
    country = text(60, load_default="")
    currency = String(load_default="GBP", validate=Pattern("^[A-Z]{3}$"))
    ships_complete = YesNo(load_default=False)
    priority = count(1_000, 0, load_default=0)
    due_at_us = count(MOMENT_MAX, 0, allow_none=True, load_default=None)
    lines = List(Nested(NewOrderLine), required=True, validate=Length(1, 1_000))


Stages = Schema.from_dict({name: Integer() for name in ("ordered", *STAGES)}, name="Stages")


class OrderHead(Schema):
    id = String(validate=ID)
    number = String()
    external_id = String(allow_none=True)
    state = String()
    status = String()
    channel = String()
    division = String()
    placed_at_us = Integer()
    due_at_us = Integer()
    units = Nested(Stages)


class OrderLineOut(Schema):
    id = String(validate=ID)
    n = Integer()
    sku = String()
    name = String()
    units = Nested(Stages)


class OrderOut(OrderHead):
    lines = List(Nested(OrderLineOut))


class OrderPage(Schema):
    orders = List(Nested(OrderHead))
    next = String(allow_none=True)


class Cancelled(Schema):
    units = Integer(metadata={"description": "units cancelled now"})
    in_hand = Integer(metadata={"description": "units at packing benches; they stay ordered"})


class Reason(Schema):
    reason = text(200, 1, required=True)


class ItemIn(Schema):
    name = text(200, 1, required=True)
    price_micros = count(MICROS_MAX, 0, load_default=None, allow_none=True)
    weight_g = count(10**7, 0, load_default=None, allow_none=True)
    volume_ml = count(10**8, 0, load_default=None, allow_none=True)


class ItemOut(Schema):
    id = String(validate=ID)
    sku = String()
    name = String()
    status = String()
    price_micros = Integer()
    version = Integer()


class ItemRow(ItemOut):
    """One of a list."""


class ItemPage(Schema):
    items = List(Nested(ItemRow))
    next = String(allow_none=True)


class ItemQuery(ListQuery):
    q = text(80, load_default="")


class StockQuery(Schema):
    sku = text(60, 1, required=True)


class StockOut(Schema):
    place = String()
    kind = String()
    status = String()
    on_hand = Integer()
    held = Integer()


class StockList(Schema):
    sku = String()
    stock = List(Nested(StockOut))


class WaveIn(Schema):
    """Due orders become one wave, most urgent first."""

    method = String(load_default="CLUSTER", validate=OneOf(METHODS))
    slots = count(64, 1, load_default=6)
    orders_max = count(2_000, 1, load_default=200)
    due_before_us = count(MOMENT_MAX, 0, allow_none=True, load_default=None)
    title = text(80, load_default="")


class WaveOut(Schema):
    id = String(validate=ID)
    code = String()
    title = String()
    state = String()
    goal = String()
    orders = Integer()
    lines = Integer()
    walk_cm = Integer()


class WaveRow(WaveOut):
    """One of a list."""


class WaveList(Schema):
    waves = List(Nested(WaveRow))


class ToteIn(Schema):
    bench = text(40, 1, required=True)
    tote = text(24, 1, required=True)
    anyway = YesNo(load_default=False)


class VerifyIn(Schema):
    parcel = String(required=True, validate=ID)
    code = text(90, 1, required=True)
    quantity = count(required=False, load_default=1)
    closes = YesNo(load_default=True)


class CloseIn(Schema):
    parcel = String(required=True, validate=ID)
    rest = String(load_default="MISSING", validate=OneOf(("MISSING", "LATER")))


class EnrolmentIn(Schema):
    """What a device posts with the code that it scanned."""

    v = WholeNumber(required=True, validate=OneOf((1,)))
    site = String(required=True, validate=NAME)
    device = String(required=True, validate=NAME)
    secret = String(required=True, validate=Pattern("^[A-Z2-7]{16}$"))
    csr = String(
        required=True, validate=[Length(1, PEM_CHARS_MAX), Unicode()],
        metadata={"description": "PKCS#10 in PEM, EC P-256, common name = the device's name"},
    )  # fmt: skip


class EnrolmentOut(Schema):
    v = Integer()
    site = String()
    device = String()
    kind = String()
    certificate = String(metadata={"description": "The device's, in PEM"})
    authority = String(metadata={"description": "The hub's CA, in PEM"})
    hub_id = String()
    brokers = List(String(metadata={"description": "host:port of the TLS listener"}))
    hub_epoch = String()


class PackItemOut(Schema):
    sku = String()
    name = String()
    expected = Integer()
    verified = Integer()


class PackOut(Schema):
    parcel = String(validate=ID)
    number = String()
    state = String()
    bench = String()
    order = String(validate=ID)
    order_number = String()
    items = List(Nested(PackItemOut))
    totes = List(String())
    to_pick = Integer()

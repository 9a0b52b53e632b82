"""The packing bench: scan by scan, with what is wrong said in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.floor_exceptions import FloorException
from hub.shipping.models import Parcel, Shipment
from protocols.barcodes import bin_label, check_digits, command_label, tote_label
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]


@pytest.fixture
def bench(sqlite_hub: TestHub, browse: Browse) -> Browser:
    browser = browse("packer")
    browser.get("/packing")
    assert browser.post("/packing/bench", {"bench": "east 1"}).status_code == 303
    browser.get("/packing")
    return browser


def scan(browser: Browser, code: str, **extra: str) -> str:
    """One scan at the page last seen; returns the page that follows."""
    parcel = Parcel.get_or_none(Parcel.state == "OPEN")
    fields = {"code": code, "parcel": parcel.id.hex() if parcel else "", **extra}
    answer = browser.post("/packing/scan", fields)
    return browser.get(answer.location).text if answer.location else answer.text


def test_an_order_is_packed_by_scans_alone(sqlite_hub: TestHub, bench: Browser) -> None:
    totes.picked(sqlite_hub, {"MUG": 2, "BOWL": 1}, "T1")
    page = scan(bench, tote_label("T1"))
    assert '<p class="big" id="count">0<small> / 3</small></p>' in page
    scan(bench, "MUG", quantity="2")
    page = scan(bench, "bowl")
    assert "is closed: 3 units" in page
    assert Parcel.get().state == "LABELLED"
    parcel = Parcel.get()
    pdf = bench.get(f"/packing/{parcel.id.hex()}/slip.pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")


def test_a_typed_tote_code_begins_and_a_second_tote_joins(
    sqlite_hub: TestHub, bench: Browser
) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "MUG", 2)
    order = builders.order(sqlite_hub, {"MUG": 2})
    totes.pick(sqlite_hub, order, "MUG", 1, "T1")
    totes.pick(sqlite_hub, order, "MUG", 1, "T2")
    assert "still to scan: tote" in scan(bench, "t1")
    assert '<p class="big" id="count">0<small> / 2</small></p>' in scan(bench, "T2")
    assert Parcel.select().count() == 1


def test_a_tote_is_typed_as_its_label_is_printed(sqlite_hub: TestHub, bench: Browser) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "MUG", 2)
    order = builders.order(sqlite_hub, {"MUG": 2})
    for tote in ("T-0042", "0183"):
        totes.pick(sqlite_hub, order, "MUG", 1, tote)
    assert "which nobody knows" in scan(bench, f"T-0042 {int(check_digits('T-0042')) ^ 1:02}")
    assert "still to scan: tote" in scan(bench, f"t-0042 {check_digits('T-0042')}")
    page = scan(bench, f"0183.{check_digits('0183')}")
    assert '<p class="big" id="count">0<small> / 2</small></p>' in page


@pytest.mark.parametrize("code", ["t2", tote_label("T2")])
def test_a_tote_whose_answer_was_lost_is_answered_with_its_own_parcel(
    sqlite_hub: TestHub, bench: Browser, code: str
) -> None:
    """What is scanned next belongs to it, and not to the parcel that was on the screen before."""
    for tote in ("T1", "T2"):
        totes.picked(sqlite_hub, {"MUG": 2}, tote)
    scan(bench, "T1")
    sent = {"code": code, "parcel": Parcel.get().id.hex(), "key": "0f" * 16}
    first, again = (bench.post("/packing/scan", sent).location for _n in range(2))
    assert Parcel.select().count() == 2
    assert again == first


@pytest.mark.parametrize("act", ["close", "again", "surplus"])
def test_a_button_whose_answer_was_lost_is_answered_with_its_own_parcel(
    sqlite_hub: TestHub, bench: Browser, act: str
) -> None:
    for tote in ("T1", "T2"):
        totes.picked(sqlite_hub, {"MUG": 2}, tote)
        scan(bench, tote)
    parcel = Parcel.select().order_by(Parcel.number.desc()).get().id.hex()
    bench.post("/packing/scan", {"code": "MUG", "parcel": parcel})
    sent = {"rest": "LATER", "tote": "T2", "surplus_code": "MUG", "surplus_quantity": "1",
            "key": "0f" * 16}  # fmt: skip
    first, again = (bench.post(f"/packing/{parcel}/{act}", sent).location for _n in range(2))
    assert again == first == f"/packing?parcel={parcel}"


def test_what_is_wrong_is_said_and_nothing_is_counted(sqlite_hub: TestHub, bench: Browser) -> None:
    totes.picked(sqlite_hub, {"MUG": 1}, "T1")
    builders.item(sqlite_hub, "BOWL")
    scan(bench, "T1")
    assert "That is Article BOWL (BOWL)" in scan(bench, "BOWL")
    assert "Put 1 aside" in scan(bench, "MUG", quantity="2")
    assert "There is no article" in scan(bench, "12345")
    assert "There is no tote" in scan(bench, tote_label("T9"))
    assert "scan a tote or an article" in scan(bench, command_label("SKIP"))
    assert Parcel.get().state == "OPEN"


def test_what_is_no_tote_is_named_before_a_parcel_is_begun(
    sqlite_hub: TestHub, bench: Browser
) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "BOWL", 1)
    assert "That is Article BOWL (BOWL). Scan the label of a tote" in scan(bench, "BOWL")
    assert "That is the bin A-01-01-1" in scan(bench, bin_label("A-01-01-1"))
    assert "which nobody knows" in scan(bench, "12345")
    assert "print the label anew" in scan(bench, "%TT1.xx")
    assert Parcel.select().count() == 0


def test_done_closes_over_what_is_there(sqlite_hub: TestHub, bench: Browser) -> None:
    totes.picked(sqlite_hub, {"MUG": 3}, "T1")
    scan(bench, "T1")
    scan(bench, "MUG", quantity="2")
    assert "is closed: 2 units" in scan(bench, command_label("DONE"))
    assert FloorException.get().kind == "PACK_DIFFERENCE"


def test_the_buttons_of_a_parcel_do_what_they_say(sqlite_hub: TestHub, bench: Browser) -> None:
    totes.picked(sqlite_hub, {"MUG": 3}, "T1")
    scan(bench, "T1")
    parcel = f"/packing/{Parcel.get().id.hex()}"
    scan(bench, "MUG")
    bench.post(f"{parcel}/again")
    assert '<p class="big" id="count">0' in bench.get("/packing").text
    bench.post(f"{parcel}/surplus", {"tote": "T1", "surplus_code": "MUG", "surplus_quantity": "1"})
    scan(bench, "MUG")
    bench.post(f"{parcel}/close", {"rest": "LATER"})
    assert Parcel.get().state == "LABELLED"
    bench.post(f"{parcel}/reopen", {"reason": "wrong box"})
    assert Parcel.get().state == "OPEN"
    scan(bench, "MUG")
    scan(bench, "T1")
    bench.post(f"/packing/{Parcel.get(Parcel.state == 'OPEN').id.hex()}/aside")
    assert FloorException.select().count() == 1


def test_shipments_leave_one_by_one_or_ticked(
    sqlite_hub: TestHub, browse: Browse, bench: Browser
) -> None:
    for tote in ("T1", "T2", "T3"):
        totes.picked(sqlite_hub, {"MUG": 1}, tote)
        scan(bench, tote)
        scan(bench, "MUG")
    ids = [row.id.hex() for row in Shipment.select().order_by(Shipment.number)]
    browser = browse("supervisor")
    browser.get("/shipments")
    browser.post("/shipments/ship-all", {"shipment": ids[:2]})
    assert "2 shipments have left" in browser.get("/shipments").text
    browser.get(f"/shipments/{ids[2]}")
    browser.post(f"/shipments/{ids[2]}/stage")
    browser.post(f"/shipments/{ids[2]}/ship")
    assert {row.state for row in Shipment.select()} == {"SHIPPED"}
    assert "SH-000003" in browser.get("/shipments?view=shipped").text
    browser.get("/shipments")
    browser.post(f"/shipments/{ids[2]}/ship")
    assert "only LABELLED or STAGED" in browser.get("/shipments").text


def test_pickers_do_not_pack(sqlite_hub: TestHub, browse: Browse) -> None:
    assert browse("picker").get("/packing").status_code == 403

"""Articles, the names they go by, and what their labels may read."""

from __future__ import annotations

import pytest

from hub.catalog import queries, service
from hub.catalog.models import Item
from hub.errors import BadValue, NotFound
from tests.hub import builders
from tests.hub.conftest import TestHub


def _save(hub: TestHub, sku: str, name: str = "Lantern", **more: int | str) -> bytes:
    with hub.act() as act:
        return service.save_item(act, hub.company, sku, name, **more)  # type: ignore[arg-type]


def _label(hub: TestHub, code: str, item: bytes, quantity: int = 1) -> None:
    with hub.act() as act:
        service.save_barcode(act, hub.company, code, item, quantity=quantity)


def test_skus_that_differ_by_letter_case_are_one_article(hub: TestHub) -> None:
    assert _save(hub, "85123a") == _save(hub, "85123A")
    assert Item.select().where(Item.company == hub.company).count() == 1


def test_a_former_name_is_kept(hub: TestHub) -> None:
    item = _save(hub, "L1", "LANTERN RED")
    _save(hub, "L1", "Red lantern")
    assert queries.other_names_of(item) == ["LANTERN RED"]


def test_saving_the_same_again_makes_no_new_version(hub: TestHub) -> None:
    item = _save(hub, "L1", price_micros=2_550_000)
    _save(hub, "L1", price_micros=2_550_000)
    assert Item.get_by_id(item).version == 1


def test_what_is_not_said_stays(hub: TestHub) -> None:
    item = _save(hub, "L1", price_micros=2_550_000, weight_g=300)
    _save(hub, "L1", "Red lantern")
    row = Item.get_by_id(item)
    assert (row.price_micros, row.weight_g, row.version) == (2_550_000, 300, 2)


def test_the_second_of_two_who_edit_the_same_version_is_told(hub: TestHub) -> None:
    _save(hub, "L1")
    _save(hub, "L1", "Changed by the first", version=1)
    with pytest.raises(service.ChangedMeanwhile) as refused:
        _save(hub, "L1", "Changed by the second", version=1)
    assert (refused.value.seen, refused.value.now) == (1, 2)


@pytest.mark.parametrize("sku", ["", "   ", "a\tb", "x" * 65])
def test_refuses_a_sku_that_no_label_could_carry(hub: TestHub, sku: str) -> None:
    with pytest.raises(BadValue):
        _save(hub, sku)


def test_gtins_of_any_length_are_kept_in_14_digits(hub: TestHub) -> None:
    item = _save(hub, "L1")
    _label(hub, "4006381333931", item)
    _label(hub, "036000291452", item)
    assert {b.code for b in queries.barcodes_of(item)} == {"04006381333931", "00036000291452"}
    found = queries.item_of_code(hub.company, "4006381333931")
    assert found is not None
    assert (found[0].sku, found[1]) == ("L1", 1)


def test_a_code_with_a_wrong_check_digit_stays_what_it_is(hub: TestHub) -> None:
    item = _save(hub, "L1")
    _label(hub, "4006381333930", item)
    assert [b.code for b in queries.barcodes_of(item)] == ["4006381333930"]


def test_a_case_barcode_is_worth_what_is_in_the_case(hub: TestHub) -> None:
    item = _save(hub, "L1")
    _label(hub, "14006381333938", item, quantity=24)
    with hub.act() as act:
        codes = queries.codes_of(act.tx, [item])
    assert codes == queries.codes_of(hub.database, [item])
    assert codes == {item: {"L1": 1, "14006381333938": 24}}


def test_two_articles_that_want_one_barcode_are_both_named(hub: TestHub) -> None:
    _label(hub, "4006381333931", _save(hub, "PEN"))
    with pytest.raises(service.BarcodeTaken) as refused:
        _label(hub, "04006381333931", _save(hub, "RULER"))
    assert (refused.value.holder, refused.value.wanted) == ("PEN", "RULER")
    assert "PEN" in str(refused.value)
    assert "RULER" in str(refused.value)


def test_a_barcode_cannot_be_another_articles_sku(hub: TestHub) -> None:
    _save(hub, "22423")
    with pytest.raises(service.BarcodeTaken):
        _label(hub, "22423", _save(hub, "OTHER"))


def test_a_new_sku_cannot_be_another_articles_barcode(hub: TestHub) -> None:
    _label(hub, "SHELF-7", _save(hub, "PEN"))
    with pytest.raises(service.BarcodeTaken):
        _save(hub, "SHELF-7")


def test_a_barcode_taken_off_can_go_on_another(hub: TestHub) -> None:
    _label(hub, "4006381333931", _save(hub, "PEN"))
    with hub.act() as act:
        service.remove_barcode(act, hub.company, "4006381333931")
    _label(hub, "4006381333931", _save(hub, "RULER"))
    with pytest.raises(NotFound), hub.act() as act:
        service.remove_barcode(act, hub.company, "0000")


def test_a_barcode_needs_an_article_that_exists(hub: TestHub) -> None:
    with pytest.raises(NotFound):
        _label(hub, "4006381333931", bytes(16))


def test_articles_are_found_by_sku_barcode_and_words(hub: TestHub) -> None:
    _save(hub, "A1", "Paper lantern")
    _label(hub, "4006381333931", _save(hub, "B2", "Glass star"))
    found = [
        [row.sku for row in queries.item_page(hub.company, text=text)]
        for text in ("a1", "4006381333931", "star", "nothing")
    ]
    assert found == [["A1"], ["B2"], ["B2"], []]


def test_pages_of_articles_follow_each_other(hub: TestHub) -> None:
    for n in range(5):
        builders.item(hub, f"SKU-{n}")
    first = queries.item_page(hub.company, rows=3)
    second = queries.item_page(hub.company, rows=3, after=first[-1].sku)
    assert [row.sku for row in first + second] == [f"SKU-{n}" for n in range(5)]

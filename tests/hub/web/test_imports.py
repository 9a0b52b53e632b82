"""Files on the import page: tried out, refused by row and column, taken, and taken twice."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest

from hub.bulk.jobs import WAITING_MAX, Job, Jobs, TooManyImports
from hub.bulk.report import Report
from hub.bulk.web import JOBS
from hub.catalog.models import Item
from hub.errors import BadValue
from hub.journal import JournalRow
from hub.staff.models import Person
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser

GOOD = "sku,name,price\nLAMP,Lamp,2.555\nCUP,Cup,1.20\n"
BAD = "sku,name,price\nLAMP,Lamp,cheap\nCUP,,1.20\n"


def send(browser: Browser, text: str, what: str, kind: str = "items") -> tuple[int, str]:
    browser.get("/import")
    answer = browser.post(
        "/import",
        {"kind": kind, "what": what, "file": (io.BytesIO(text.encode()), "rows.csv")},
        content_type="multipart/form-data",
    )
    if answer.status_code != 303 or not answer.location.startswith("/import/files/"):
        return answer.status_code, answer.text
    job = browser.client.application.extensions[JOBS].job(answer.location.rsplit("/", 1)[1])
    job.over.wait()
    page = browser.get(answer.location)
    return page.status_code, page.text


def test_a_file_is_tried_out_then_taken_and_the_second_time_changes_nothing(
    browse: Callable[[str], Browser], people: dict[str, bytes]
) -> None:
    office = browse("office")
    status, said = send(office, GOOD, "try")
    assert status == 200
    assert "Nothing was changed" in said
    assert Item.select().count() == 0
    assert "Imported." in send(office, GOOD, "take")[1]
    assert Item.select().count() == 2
    assert "was imported before" in send(office, GOOD, "take")[1]
    noted = JournalRow.select().where(JournalRow.act == "bulk.import")
    assert {row.actor for row in noted} == {people["office"]}


def test_errors_are_shown_by_row_and_column_and_nothing_is_taken(
    browse: Callable[[str], Browser],
) -> None:
    status, said = send(browse("office"), BAD, "take")
    assert status == 200
    assert "the file has errors" in said
    assert '<td class="n">1</td><td class="code">price</td>' in said
    assert '<td class="n">2</td><td class="code">name</td>' in said
    assert Item.select().count() == 0


def test_a_file_that_cannot_be_read_is_refused_on_its_page(
    browse: Callable[[str], Browser],
) -> None:
    status, said = send(browse("office"), "a,b\n1,2\n", "take")
    assert status == 200
    assert 'class="note refusal"' in said
    assert "unknown columns" in said


def test_imports_go_one_after_the_other_and_not_too_many_wait() -> None:
    jobs, first, ended = Jobs(), threading.Event(), []

    def slow(_say: object) -> Report:
        first.wait()
        raise BadValue("file", "", "it was never any good")

    waiting = [Job(str(n), "items", "rows.csv", is_dry_run=True) for n in range(WAITING_MAX)]
    for job in waiting:
        jobs.begin(job, slow, lambda: ended.append("over"))
    with pytest.raises(TooManyImports):
        jobs.begin(Job("x", "items", "x.csv", is_dry_run=True), slow, lambda: ended.append("x"))
    assert ended == ["x"]
    first.set()
    for job in waiting:
        job.over.wait()
        assert isinstance(job.error, BadValue)
    assert ended == ["x", *["over"] * WAITING_MAX]


def test_a_file_of_people_takes_the_right_to_edit_people(
    browse: Callable[[str], Browser],
) -> None:
    """It gives roles; otherwise whoever may import could make themselves an administrator."""
    before = Person.select().count()
    text = "name,badge,roles\nEve,E1,admin\n"
    assert send(browse("supervisor"), text, "take", "people")[0] == 403
    assert Person.select().count() == before
    assert browse("supervisor").get("/export/people.csv").status_code == 200
    assert browse("office").get("/export/people.csv").status_code == 403


def test_what_came_in_goes_out_again(sqlite_hub: TestHub, browse: Callable[[str], Browser]) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 12)
    office = browse("office")
    answer = office.get("/export/items.csv")
    assert answer.mimetype == "text/csv"
    assert "LAMP" in answer.text
    assert office.get("/export/nonsense.csv").status_code == 404
    labels = office.get("/labels/bins.pdf")
    assert labels.data.startswith(b"%PDF")


def test_an_error_names_its_column_once(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    builders.item(sqlite_hub, "LAMP")
    rows = "order,sku,quantity,holds,division\nE-1,LAMP,1,WHY,*\nE-2,%s,1,,\n" % ("X" * 65)
    said = send(browse("office"), rows, "take", "orders")[1]
    for cell in (
        "holds</td><td>&#39;WHY&#39;: use one of FRAUD",
        "division</td><td>&#39;*&#39;: name",
    ):
        assert cell in said
    assert "sku</td><td>&#39;XXX" in said
    for column in ("hold: ", "division: ", "sku: "):
        assert column not in said

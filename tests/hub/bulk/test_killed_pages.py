"""The pages are killed with signal 9 in the middle of an upload's import, and started anew."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from hub.app import app_of
from hub.bulk.models import ImportRun
from hub.bulk.web import JOBS, UPLOADS
from hub.config import HubConfig
from hub.db import proxy
from hub.orders.models import OrderLine, SalesOrder
from hub.staff import passwords
from hub.staff import service as staff
from hub.verify.command import verify
from hub.web.context import of_app
from tests.hub import builders
from tests.hub.bulk.files import write
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import PASSWORD, Browser

COLUMNS = ("order", "sku", "quantity", "division")
BEFORE_IT_WAS_FOUND_GOOD = (("reading", 0), ("staging", 0), ("staging", 2))
AFTERWARDS = (("between", 0), ("between", 5), ("inside", 0), ("inside", 7))


@pytest.fixture
def folder(sqlite_hub: TestHub, tmp_path: Path) -> Path:
    """A hub's folder in which the office can log in, and two articles are known."""
    with sqlite_hub.act() as act:
        staff.seed_permissions(act)
        office = staff.add_person(act, sqlite_hub.company, "Olga", login="office", roles=["office"])
        staff.set_password(act, office, passwords.hashed(PASSWORD), must_change=False)
    for sku in ("LAMP", "CUP"):
        builders.item(sqlite_hub, sku)
    sqlite_hub.database.close()
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [(f"E-{n:03}", sku, 2, "toys") for n in range(100) for sku in ("LAMP", "CUP")]
    return write(tmp_path / "a.csv", rows, COLUMNS)


def kill(folder: Path, file: Path, point: str, passes: int, repository: Path) -> str:
    """Upload the file to pages that die of it; returns the address that they gave, if any."""
    died = subprocess.run(
        [sys.executable, "-m", "tests.hub.bulk.killed_web", str(folder), str(file), point,
         str(passes)],
        cwd=repository, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert list((folder / UPLOADS).iterdir()), "the upload of a killed process is left behind"
    run = ImportRun.get_or_none()
    assert run is None or run.state != "DONE"
    return died.stdout.strip()


@pytest.fixture
def started_anew(folder: Path, sqlite_hub: TestHub) -> Iterator[list[Flask]]:
    """The pages that were started since."""
    started: list[Flask] = []
    yield started
    for app in started:
        of_app(app).feed.end()
    proxy.initialize(sqlite_hub.database)


def start_anew(folder: Path, started: list[Flask]) -> Browser:
    app = app_of(HubConfig(folder=str(folder)))
    started.append(app)
    office = Browser(app)
    office.log_in("office")
    return office


def wait_for_jobs(office: Browser) -> None:
    for job in list(office.client.application.extensions[JOBS].all()):
        job.over.wait()


def send_again(office: Browser, file: Path) -> str:
    office.get("/import")
    with file.open("rb") as rows:
        sent = {"kind": "orders", "what": "take", "file": (rows, "again.csv")}
        answer = office.post("/import", sent, content_type="multipart/form-data")
    wait_for_jobs(office)
    return office.get(answer.location).text


def assert_all_is_here_once(hub: TestHub) -> None:
    assert SalesOrder.select().count() == 100
    assert SalesOrder.select().where(SalesOrder.division == "toys").count() == 100
    assert OrderLine.select().count() == 200
    assert ImportRun.get().state == "DONE"
    assert verify(hub.database).ok


@pytest.mark.parametrize(("point", "passes"), AFTERWARDS)
def test_what_was_found_good_is_taken_by_itself_once_the_pages_are_back(
    sqlite_hub: TestHub, folder: Path, file: Path, started_anew: list[Flask], repository: Path,
    point: str, passes: int,
) -> None:  # fmt: skip
    address = kill(folder, file, point, passes, repository)
    office = start_anew(folder, started_anew)
    wait_for_jobs(office)
    (job,) = office.client.application.extensions[JOBS].all()
    assert address in ("", f"/import/files/{job.id}")
    assert "Imported." in office.get(f"/import/files/{job.id}").text
    assert_all_is_here_once(sqlite_hub)
    assert list((folder / UPLOADS).iterdir()) == []
    assert "was imported before" in send_again(office, file)
    assert_all_is_here_once(sqlite_hub)


@pytest.mark.parametrize(("point", "passes"), BEFORE_IT_WAS_FOUND_GOOD)
def test_of_what_was_still_read_nothing_is_taken_the_page_says_so_and_it_can_be_sent_again(
    sqlite_hub: TestHub, folder: Path, file: Path, started_anew: list[Flask], repository: Path,
    point: str, passes: int,
) -> None:  # fmt: skip
    address = kill(folder, file, point, passes, repository)
    office = start_anew(folder, started_anew)
    assert office.client.application.extensions[JOBS].all() == []
    assert SalesOrder.select().count() == 0
    if address:
        page = office.get(address).text
        assert "nothing of it was taken. Send it again" in page
    if point == "staging":
        assert "Not taken: send it again" in office.get("/import").text
    assert list((folder / UPLOADS).iterdir()) == []
    assert "Imported." in send_again(office, file)
    assert_all_is_here_once(sqlite_hub)


def test_who_sends_the_file_again_at_once_doubles_nothing(
    sqlite_hub: TestHub, folder: Path, file: Path, started_anew: list[Flask], repository: Path
) -> None:
    kill(folder, file, "between", 3, repository)
    office = start_anew(folder, started_anew)
    assert 'class="note done"' in send_again(office, file), "it is taken, or was just before"
    assert_all_is_here_once(sqlite_hub)


def _run() -> str:
    return str(ImportRun.get().id.hex())


def test_the_address_of_a_file_says_what_became_of_it_in_any_later_process(
    sqlite_hub: TestHub, folder: Path, file: Path, started_anew: list[Flask], repository: Path
) -> None:
    kill(folder, file, "inside", 0, repository)
    wait_for_jobs(start_anew(folder, started_anew))
    later = start_anew(folder, started_anew)
    assert later.client.application.extensions[JOBS].all() == []
    assert (
        f'<a href="/import/{_run()}">a.csv</a>: Imported.'
        in later.get(f"/import/files/{_run()}").text
    )
    assert "nothing of it was taken" in later.get(f"/import/files/{'0' * 32}").text

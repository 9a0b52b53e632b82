"""The bench's page: what it answers, and whom it refuses. On a bench in virtual time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from hub.process.ports import PortTaken
from protocols.barcodes import command_label
from simulators.tester_bench import bench
from simulators.tester_bench.recorder import Recorder
from simulators.tester_bench.remote import KEY_HEADER
from simulators.tester_bench.scenario import parse_scenario
from simulators.tester_bench.serving import BeyondLoopback, Place, serve
from simulators.tester_bench.virtual_site import VirtualSite
from simulators.tester_bench.web import BenchPage, create_app
from tests.simulators.tester_bench.conftest import PLAN

ONE = "handheld-1"


def page_of(virtual: bench.TesterBench, *, needs_key: bool = False) -> BenchPage:
    recorder = Recorder(PLAN, virtual.site.now_s, lambda _device: "")
    return BenchPage(virtual, recorder, None, hosts=frozenset({"localhost"}), needs_key=needs_key)


@pytest.fixture(scope="module")
def virtual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bench.TesterBench]:
    """One for all stories here: none of them depends on what a device is doing."""
    with closing(VirtualSite(PLAN, tmp_path_factory.mktemp("bench"))) as site:
        made = bench.TesterBench(site)
        made.wait_until_ready()
        yield made


@pytest.fixture
def page(virtual: bench.TesterBench) -> Iterator[BenchPage]:
    made = page_of(virtual)
    yield made
    made.close()


@pytest.fixture
def client(page: BenchPage) -> FlaskClient:
    return create_app(page).test_client()


def act(client: FlaskClient, page: BenchPage, name: str, **given: Any) -> Any:
    return client.post("/act", json={"act": name, "given": given}, headers={KEY_HEADER: page.key})


def test_the_page_carries_every_device_and_its_key(client: FlaskClient, page: BenchPage):
    shown = client.get("/").get_data(as_text=True)
    assert page.key in shown
    assert ONE in shown
    assert "frame-ancestors 'none'" in client.get("/").headers["Content-Security-Policy"]


def test_an_act_is_answered_by_its_tones(client: FlaskClient, page: BenchPage):
    answer = act(client, page, "scan", device=ONE, code=command_label("DONE"))
    assert answer.get_json() == {"heard": ["REFUSED"]}
    page.bench.expect_screen(ONE, "DONE: scan your badge first.")
    answer = act(client, page, "set_battery", device=ONE, percent=80)
    assert answer.get_json() == {"heard": []}, "the tone of the act before is not this one's"


def test_what_cannot_be_done_is_refused_in_a_sentence(client: FlaskClient, page: BenchPage):
    for name, given, code in (
        ("dance", {}, "UNKNOWN_ACT"),
        ("set_battery", {"device": ONE, "percent": 900}, "BAD_PARAMETER"),
        ("scan", {"device": ONE, "code": "9520000000066", "damage": "no_gs"}, "NOTHING_TO_DAMAGE"),
        ("fill_disk", {"device": ONE}, "NOT_ON_THIS_BENCH"),
        ("kill_agent", {"device": "h9"}, "NO_SUCH_DEVICE"),
    ):
        answer = act(client, page, name, **given)
        assert (answer.status_code, answer.get_json()["code"]) == (422, code)


@pytest.mark.parametrize("body", [b"", b"[]", b'"scan"', b'{"act": "scan", "given": 7}', b"\xff"])
def test_rubbish_is_no_act(client: FlaskClient, page: BenchPage, body: bytes):
    headers = {KEY_HEADER: page.key, "Content-Type": "application/json"}
    assert client.post("/act", data=body, headers=headers).status_code == 400


@pytest.mark.parametrize("path", ["/act", "/recording/start", "/recording/stop", "/play"])
@pytest.mark.parametrize(
    "headers", [{}, {KEY_HEADER: "guessed"}, {"Cookie": "binlight_bench={key}"}]
)
def test_no_post_without_the_pages_key_in_its_header(
    client: FlaskClient, page: BenchPage, path: str, headers: dict[str, str]
):
    told = {name: value.format(key=page.key) for name, value in headers.items()}
    assert client.post(path, json={}, headers=told).status_code == 403


def test_another_sites_page_cannot_act_even_with_the_key(client: FlaskClient, page: BenchPage):
    headers = {KEY_HEADER: page.key, "Origin": "http://evil.example"}
    assert client.post("/recording/start", headers=headers).status_code == 403
    headers["Origin"] = "http://localhost"
    assert client.post("/recording/start", headers=headers).status_code == 204


def test_a_foreign_name_for_this_machine_is_not_served(client: FlaskClient):
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_beyond_loopback_everything_needs_the_key(virtual: bench.TesterBench):
    page = page_of(virtual, needs_key=True)
    client = create_app(page).test_client()
    try:
        assert client.get("/").status_code == 403
        assert client.get("/live").status_code == 403
        assert client.get("/?key=guessed").status_code == 403
        assert client.get(f"/?key={page.key}").status_code == 200
        assert client.get("/labels").status_code == 200  # by the cookie
    finally:
        page.close()


def test_a_bench_beyond_loopback_is_refused_unless_it_is_meant():
    with pytest.raises(BeyondLoopback, match="--beyond-loopback"):
        serve(PLAN, Place(listen="0.0.0.0"), print)


def test_a_taken_port_is_refused_before_a_warehouse_is_filled(tmp_path: Path):
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} is taken"):
            serve(PLAN, Place(port=port, data=tmp_path / "world"), said.append)
    assert (said, (tmp_path / "world").exists()) == ([], False)


def test_labels_are_found_by_their_words_in_any_order(client: FlaskClient):
    (found,) = client.get("/labels?q=retrospot+baking&kind=item").get_json()
    assert found["code"] == "9520000000066"
    assert found["bars"].startswith("<svg")
    assert client.get("/labels?q=zeppelin").get_json() == []


def test_a_session_is_recorded_and_saved_as_a_file(client: FlaskClient, page: BenchPage):
    client.post("/recording/start", headers={KEY_HEADER: page.key})
    act(client, page, "pause", seconds=1)
    client.post("/recording/stop", headers={KEY_HEADER: page.key})
    act(client, page, "pause", seconds=1)
    answer = client.get("/session.toml?title=Badge")
    assert "attachment" in answer.headers["Content-Disposition"]
    scenario = parse_scenario(answer.get_data(as_text=True))
    assert (scenario.title, [step.act for step in scenario.steps]) == ("Badge", ["pause"])


def test_a_file_that_cannot_be_played_is_refused(client: FlaskClient, page: BenchPage):
    answer = client.post("/play", data="version = 9", headers={KEY_HEADER: page.key})
    assert answer.get_json()["code"] == "BAD_SCENARIO"


def test_only_our_own_labels_are_printed(client: FlaskClient, page: BenchPage):
    (badge,) = page.bench.site.labels.find("ana", "badge")
    printed = client.get("/label.pdf", query_string={"code": badge.code})
    assert printed.data.startswith(b"%PDF")
    assert client.get("/label.pdf?code=9520000000066").get_json()["code"] == "NOT_PRINTABLE"
    assert client.get("/label.pdf?code=%25BNOWHERE.00").status_code == 422
    assert client.get("/slip/nonsense.pdf").status_code == 404
    assert client.get(f"/slip/{'00' * 16}.pdf").status_code == 422


def test_nothing_but_the_hubs_look_is_given_out(client: FlaskClient):
    assert client.get("/look/binlight.css").status_code == 200
    assert client.get("/look/live.js").status_code == 404

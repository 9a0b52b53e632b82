"""`binlight hub --secure` as people run it: enrol by its pages, revoke by a click, see the cut."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.identity.authority import key_pem
from hub.opening import open_database
from hub.wiring import open_journal
from protocols.enrolment import ENROLMENTS_PATH, EnrolmentCode, read_code, write_secret
from simulators.bench.small_site import free_port
from tests.hub.security.rig import PATIENCE_MS, Client, Papers, new_key, request_of
from tests.hub.test_run import RunningHub

pytestmark = pytest.mark.broker
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PASSWORD = "seven blue lanterns"


class SecureHub(RunningHub):
    """The hub by its command line, and a person at its pages."""

    def __init__(self, folder: Path) -> None:
        self.tls_port = free_port()
        super().__init__(folder)
        self.config = HubConfig(
            folder=str(folder), port=self.port, broker_port=self.broker_port, secure=True,
            broker_tls_port=self.tls_port,
        )  # fmt: skip

    def command(self, *more: str) -> list[str]:
        return super().command("--secure", f"--broker-tls-port={self.tls_port}", *more)

    @property
    def log(self) -> str:
        return self.logs()

    def until(self, question: object, what: str) -> None:
        """As the rig's sites wait; here the guard looks by itself."""
        end = SystemClock().mono_ms() + PATIENCE_MS
        while not question():  # type: ignore[operator]
            assert SystemClock().mono_ms() < end, f"waited in vain for {what}\n{self.log}"

    def binlight(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "binlight", *words, "--data", str(self.folder)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout


class Person:
    """A browser without scripts, over HTTPS."""

    def __init__(self, hub: SecureHub, authority: Path) -> None:
        self._base = f"https://127.0.0.1:{hub.port}"
        context = ssl.create_default_context(cafile=authority)
        self._open = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        ).open

    def get(self, path: str) -> str:
        with self._open(self._base + path) as page:
            return str(page.read().decode())

    def send(self, form_on: str, path: str, **fields: str) -> str:
        token = TOKEN.search(self.get(form_on))
        assert token is not None
        body = urllib.parse.urlencode({"csrf_token": token[1], **fields}).encode()
        headers = {"Referer": self._base + form_on}
        request = urllib.request.Request(self._base + path, body, headers)
        with self._open(request) as page:
            return str(page.read().decode())

    def post_json(self, path: str, body: dict[str, object]) -> dict[str, str]:
        request = urllib.request.Request(
            self._base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with self._open(request) as answer:
            found: dict[str, str] = json.loads(answer.read())
            return found


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureHub]:
    running = SecureHub(tmp_path_factory.mktemp("whole"))
    running.wait_for("Devices connect")
    yield running
    if running.process.poll() is None:
        running.end()


@pytest.fixture(scope="module")
def person(hub: SecureHub) -> Person:
    found = Person(hub, hub.config.tls_folder / "ca.crt")
    one_time = re.search(r"one-time password (\w+)", hub.said)
    assert one_time is not None
    found.send("/log-in", "/log-in", login="admin", password=one_time[1])
    found.send("/own/password", "/own/password", new=PASSWORD, again=PASSWORD)
    return found


def enrol(hub: SecureHub, person: Person, code: EnrolmentCode) -> Papers:
    key = new_key()
    body = {
        "v": 1, "site": code.site, "device": code.device, "secret": write_secret(code.secret),
        "csr": request_of(key, code.device),
    }  # fmt: skip
    answer = person.post_json(ENROLMENTS_PATH, body)
    folder = hub.folder / code.device
    folder.mkdir()
    papers = Papers(folder / "crt", folder / "key", hub.config.tls_folder / "ca.crt")
    papers.certificate.write_text(answer["certificate"])
    papers.key.write_bytes(key_pem(key))
    return papers


def connected(hub: SecureHub, papers: Papers, device: str) -> Client:
    """The broker knows a new device as soon as the guard has looked."""
    client = Client(hub, papers.context(), device)  # type: ignore[arg-type]
    assert client.is_in()
    return client


def code_on(page: str) -> EnrolmentCode:
    found = re.search(r'id="enrolment-code">([^<]+)<', page)
    assert found is not None, page
    assert "<svg" in page
    return read_code(found[1])


def test_a_click_cuts_a_live_device_off(
    hub: SecureHub, person: Person, record_property: Callable[[str, object], None]
):
    """The page, the guard in its process, the list, SIGHUP, the cut: nothing is called here."""
    page = person.send("/devices", "/devices", name="h1", kind="handheld")
    papers = enrol(hub, person, code_on(page))
    device = connected(hub, papers, "h1")
    clicked_ms = SystemClock().mono_ms()
    person.send("/devices/h1", "/devices/h1/revoke")
    device.wait(lambda: device.is_cut, "the cut")
    cut_after_ms = SystemClock().mono_ms() - clicked_ms
    record_property("cut_after_ms", cut_after_ms)
    print(f"cut off {cut_after_ms} ms after the click")
    assert not Client(hub, papers.context(), "h1").is_in()  # type: ignore[arg-type]
    hub.until(lambda: "Certificate refused" in person.get("/security"), "the page's line")


def test_a_device_that_was_taken_back_is_heard_from_its_first_word(hub: SecureHub, person: Person):
    """It connects and speaks in the moment in which it has its certificate."""
    code = code_on(person.send("/devices/h1", "/devices/h1/code"))
    shutil.rmtree(hub.folder / "h1")
    device = connected(hub, enrol(hub, person, code), "h1")
    device.say("bw/1/w1/dev/h1/tlm", b"{}")
    assert device.answers == ["Success", "Success"]
    assert not device.is_cut


def test_nobody_was_taken_for_an_intruder(hub: SecureHub, person: Person):
    assert "shut out got in" not in person.get("/security?area=connections")


def test_the_command_prints_a_code_that_enrols_and_revokes(hub: SecureHub, person: Person):
    said = hub.binlight("device", "add", "h2", "--kind", "handheld")
    papers = enrol(hub, person, read_code(said.strip().splitlines()[-1]))
    device = connected(hub, papers, "h2")
    hub.binlight("device", "revoke", "h2")
    device.wait(lambda: device.is_cut, "the cut")


def test_a_guard_killed_before_the_cut_makes_it_when_it_is_back(hub: SecureHub, person: Person):
    page = person.send("/devices", "/devices", name="h3", kind="handheld")
    device = connected(hub, enrol(hub, person, code_on(page)), "h3")
    planner = hub.children()["planner"]
    os.kill(planner, signal.SIGSTOP)
    person.send("/devices/h3", "/devices/h3/revoke")
    os.kill(planner, signal.SIGKILL)
    device.wait(lambda: device.is_cut, "the cut")


def test_observers_still_come_with_a_password(hub: SecureHub):
    said = hub.binlight("device", "add", "desk", "--kind", "observer")
    assert "Password of desk" in said


def test_everything_that_was_done_is_in_the_journal_with_its_whole_input(hub: SecureHub):
    journal = open_journal(hub.config)
    rows = journal.database.execute_sql(
        "SELECT act, input FROM journal WHERE act IN ('devices.enrol', 'devices.revoke')"
    ).fetchall()
    acts = [act for act, _ in rows]
    assert (acts.count("devices.enrol"), acts.count("devices.revoke")) == (4, 3)
    enrolled = [json.loads(bytes(input)) for act, input in rows if act == "devices.enrol"]
    wanted = {"device", "digest", "csr", "serial", "certificate", "key_fingerprint", "expires_at"}
    assert all(wanted <= set(input) for input in enrolled)
    journal.database.close()
    open_database("sqlite://")


def test_it_ends_cleanly(hub: SecureHub):
    assert hub.end() == 0

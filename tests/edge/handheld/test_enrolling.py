"""What a handheld without identity asks, shows and refuses; it has no network in these tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import Now
from edge.config import DeviceConfig
from edge.handheld.agent_io import (
    Action,
    BatteryRead,
    EnrolAgain,
    EnrolmentOver,
    KeyTyped,
    PlayTone,
    RadioRead,
    ScanFailed,
    ScanRead,
)
from edge.handheld.enrolling import EnrollingCore, Situation
from edge.handheld.render import plain
from edge.link.io_values import Enrol, EnrolmentEnded
from edge.storage.outbox_owner import Holding
from edge.tones import Tone
from protocols.barcodes import badge_label, bin_label
from protocols.enrolment import Address, EnrolmentCode, authority_fingerprint, write_code
from tests.edge.handheld.floor import Handheld

NOW = Now(0, 0)


def code(site: str = "main", device: str = "h1") -> EnrolmentCode:
    fingerprint = authority_fingerprint(b"key")
    return EnrolmentCode(site, device, b"0123456789", fingerprint, (Address("10.0.0.1", 8443),))


CODE, TEXT = code(), write_code(code())
UNCONFIGURED = DeviceConfig("", "", can_enrol=True)


class Screen:
    """A core, and what it did last."""

    def __init__(self, situation: Situation | None = None, scanned: str = "") -> None:
        self.core = EnrollingCore(situation or Situation(UNCONFIGURED), scanned)
        self.done: list[Action] = self.core.start(NOW)

    def scan(self, text: str) -> Screen:
        self.done = self.core.step(ScanRead(text), NOW)
        return self

    def type(self, text: str) -> Screen:
        for key in (*text, "enter"):
            self.done = self.core.step(KeyTyped(key), NOW)
        return self

    def end(self, refusal: str = "", sentence: str = "") -> Screen:
        self.done = self.core.step(EnrolmentEnded(refusal, sentence), NOW)
        return self

    @property
    def asked(self) -> list[EnrolmentCode]:
        return [action.code for action in self.done if isinstance(action, Enrol)]

    @property
    def tones(self) -> list[Tone]:
        return [action.tone for action in self.done if isinstance(action, PlayTone)]

    @property
    def is_over(self) -> bool:
        return any(isinstance(action, EnrolmentOver) for action in self.done)

    @property
    def words(self) -> str:
        return f"{self.core.view.title} {self.core.view.message}"


def test_it_says_what_to_scan_at_the_smallest_size():
    assert (
        "\n" + plain(Screen().core.view, 40, 12) + "\n"
        == """
 – hub away                          ⇅0


     Scan the code shown by the hub







 scan the code … or type it, then Enter
"""
    )


def test_a_scanned_code_is_asked_about_and_then_the_device_is_somebody():
    screen = Screen().scan(TEXT)
    assert (screen.asked, screen.tones) == ([CODE], [Tone.OK])
    assert "main/h1" in screen.words
    assert screen.end().is_over
    assert screen.tones == [Tone.DONE]


def test_a_code_typed_by_hand_does_as_well():
    assert Screen().type(TEXT.lower()).asked == [CODE]


def test_a_refusal_is_shown_and_the_same_code_can_be_tried_again():
    screen = Screen().scan(TEXT).end("HUB_UNREACHABLE", "The hub does not answer at all.")
    assert screen.tones == [Tone.REFUSED]
    assert screen.core.view.mood == "REFUSED"
    assert "does not answer" in screen.words
    assert screen.type("yes").asked == [CODE]
    assert screen.end("X", "x").scan(TEXT).asked == [CODE]
    other = write_code(code(device="h2"))
    assert screen.end("X", "x").scan(other).asked == [code(device="h2")]


def test_no_forgets_a_code_that_did_not_work():
    screen = Screen().scan(TEXT).end("X", "x").type("no")
    assert (screen.is_over, screen.core.view.title) == (False, "Scan the code shown by the hub")
    assert screen.type("yes").asked == []


def test_nothing_is_asked_twice_while_the_hub_is_being_asked():
    screen = Screen().scan(TEXT)
    assert screen.scan(TEXT).asked == []
    assert screen.type("yes").asked == []


def test_a_code_with_a_slip_is_refused_with_its_reason_and_without_its_secret():
    slip = TEXT[:-1] + ("A" if TEXT[-1] != "A" else "B")
    screen = Screen().scan(slip)
    assert (screen.asked, screen.tones) == ([], [Tone.REFUSED])
    assert "not read whole" in screen.words
    assert "one sign may be wrong" in screen.words
    assert TEXT.split(".")[3] not in screen.words


@pytest.mark.parametrize("text", [badge_label("ANA"), bin_label("A-1"), "4006381333931", "x"])
def test_anything_else_is_answered_by_what_to_scan(text):
    screen = Screen().scan(text)
    assert screen.tones == [Tone.REFUSED]
    assert "scan the code shown by the hub" in screen.words


def test_a_scan_that_was_lost_on_its_way_is_told():
    screen = Screen()
    screen.done = screen.core.step(ScanFailed("FRAME_TOO_LONG", "Too long. Scan again."), NOW)
    assert "Too long" in screen.words


def test_battery_and_radio_are_shown_from_the_start():
    screen = Screen()
    screen.core.step(BatteryRead(7), NOW)
    screen.core.step(RadioRead(-50), NOW)
    assert "bat 7%" in plain(screen.core.view, 40, 12)


@given(st.lists(st.one_of(
    st.sampled_from([TEXT, "YES", "NO", "%E", badge_label("ANA")]).map(ScanRead),
    st.builds(EnrolmentEnded, st.sampled_from(["", "X"])),
    st.sampled_from(["enter", "escape", "backspace", "y", "é"]).map(KeyTyped),
), max_size=12))  # fmt: skip
def test_no_order_of_things_asks_for_anything_but_a_whole_code(inputs):
    core = EnrollingCore(Situation(UNCONFIGURED))
    core.start(NOW)
    for happened in inputs:
        for action in core.step(happened, NOW):
            assert not isinstance(action, Enrol) or action.code == CODE


# ── Who the device may become. ──────────────────────────────────────────────────────────────


def test_a_configured_name_takes_no_code_for_another():
    for config in (DeviceConfig("main", "h9"), DeviceConfig("other", ""), DeviceConfig("", "h9")):
        screen = Screen(Situation(config)).scan(TEXT)
        assert screen.asked == []
        assert "main/h1" in screen.words
    assert Screen(Situation(DeviceConfig("main", "h1"))).scan(TEXT).asked == [CODE]


def test_events_of_another_name_must_reach_the_hub_first():
    waiting = Situation(UNCONFIGURED, holding=Holding("main/h7", 3))
    screen = Screen(waiting).scan(TEXT)
    assert screen.asked == []
    assert "3 events of main/h7" in screen.words
    for holding in (Holding("main/h7", 0), Holding("main/h1", 3), Holding("", 0)):
        assert Screen(Situation(UNCONFIGURED, holding=holding)).scan(TEXT).asked == [CODE]


SOMEBODY = Situation(UNCONFIGURED, "main/h7", Holding("main/h7", 0))


def test_a_device_that_is_somebody_asks_before_it_becomes_another():
    screen = Screen(SOMEBODY, TEXT)
    assert (screen.asked, screen.tones) == ([], [Tone.WARN])
    assert "main/h7" in screen.words
    assert "main/h1" in screen.words
    assert screen.type("yes").asked == [CODE]


def test_a_device_that_is_taken_back_is_asked_in_words_of_its_own():
    screen = Screen(Situation(UNCONFIGURED, "main/h1", Holding("main/h1", 0)), TEXT)
    assert "Enrol main/h1 anew?" in screen.words


def test_no_leaves_it_what_it_is():
    assert Screen(SOMEBODY, TEXT).type("no").is_over
    assert Screen(SOMEBODY, TEXT).type("yes").end("X", "x").type("no").is_over


# ── The way there from the agent. ───────────────────────────────────────────────────────────


def gives_way(actions: list[Action]) -> list[str]:
    return [action.text for action in actions if isinstance(action, EnrolAgain)]


def test_an_idle_agent_gives_way_to_a_scanned_code():
    device = Handheld(can_enrol=True)
    assert gives_way(device.core.step(ScanRead(TEXT), device.now())) == [TEXT]


def test_a_device_in_somebodys_hands_does_not():
    device = Handheld(can_enrol=True)
    device.configure()
    device.log_in()
    assert gives_way(device.core.step(ScanRead(TEXT), device.now())) == []
    assert "log out" in device.view.message


def test_a_device_with_a_configured_password_says_why_not():
    device = Handheld(can_enrol=False)
    assert gives_way(device.core.step(ScanRead(TEXT), device.now())) == []
    assert "[broker]" in device.view.message

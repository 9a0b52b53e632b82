"""What somebody has to read first is never hidden by news from the hub."""

from __future__ import annotations

import pytest

from edge.handheld.agent_io import KeyTyped
from protocols.messages.commands import ShowMessage
from tests.edge.handheld.floor import Handheld, line, picking


@pytest.fixture
def handheld() -> Handheld:
    return picking([line(1, "A-1", 3)])


def test_a_refusal_stays_on_the_screen_while_mere_news_come(handheld):
    handheld.bin("B-9")
    refusal = handheld.view.message
    handheld.order(ShowMessage("Cake in the office"))
    assert (handheld.view.mood, handheld.view.message) == ("REFUSED", refusal)


def test_a_warning_from_the_hub_is_read_at_once_whatever_stood_there(handheld):
    handheld.bin("B-9")
    handheld.order(ShowMessage("Leave the hall", "WARN"))
    assert (handheld.view.mood, handheld.view.message) == ("WARN", "Leave the hall")


def test_the_newest_of_the_news_is_the_one_to_read(handheld):
    handheld.order(ShowMessage("Cake in the office"))
    handheld.order(ShowMessage("The cake is gone"))
    assert handheld.view.message == "The cake is gone"


def test_the_next_key_takes_it_off_the_screen(handheld):
    handheld.order(ShowMessage("Cake in the office"))
    handheld.at_once(KeyTyped("x"))
    assert (handheld.view.mood, handheld.view.message, handheld.view.typed) == ("NORMAL", "", "x")

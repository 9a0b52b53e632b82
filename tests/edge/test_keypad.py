"""The keypad of a handheld without a screen, and what such a handheld says."""

from __future__ import annotations

import json
import os
from pathlib import Path

from edge.handheld.agent_io import KeyTyped
from edge.headless import ViewLog
from edge.keypad import Keypad
from tests.edge.handheld.floor import ready


def keys(keypad: Keypad) -> list[str]:
    return [typed.key for typed in keypad.read()]


def test_a_typed_line_is_its_characters_and_enter():
    reading, writing = os.pipe()
    keypad = Keypad(reading)
    os.write(writing, b"12\x7f3\r\n")
    assert keys(keypad) == ["1", "2", "backspace", "3", "enter"]
    os.close(writing)
    os.close(reading)


def test_the_keypad_is_gone_when_nobody_can_write_to_it():
    reading, writing = os.pipe()
    keypad = Keypad(reading)
    os.close(writing)
    assert keys(keypad) == []
    assert keypad.fileno is None
    assert keys(keypad) == []
    os.close(reading)


def test_a_plain_file_is_no_keypad(tmp_path: Path):
    (tmp_path / "keys").write_text("1\n")
    with (tmp_path / "keys").open("rb") as file:
        assert Keypad(file.fileno()).fileno is None


def test_without_a_screen_each_view_is_one_line_and_a_pin_is_in_none(capfd):
    log = ViewLog()
    handheld = ready()
    for view in (handheld.view, handheld.view):
        log.show(view)
    said = [json.loads(text) for text in capfd.readouterr().err.splitlines()]
    assert [view["phase"] for view in said] == ["READY"]
    handheld.say("LOGOUT")
    handheld.badge()
    for key in "1234":
        handheld.at_once(KeyTyped(key))
        log.show(handheld.view)
    lines = capfd.readouterr().err.splitlines()
    assert [json.loads(text)["phase"] for text in lines] == ["PIN"]

"""Drivers that the configuration names are found, and refuse options that they do not have."""

from __future__ import annotations

import pytest

from edge.clock_choice import clock_driver
from edge.errors import UnknownConfigKey, UnknownDriver
from edge.tones import RecordingTone, Tone, tone_driver


def test_a_clock_is_found_by_name_and_its_options_are_checked():
    assert clock_driver("system", {}).now().mono_ms > 0
    with pytest.raises(UnknownDriver):
        clock_driver("sundial", {})
    with pytest.raises(UnknownConfigKey):
        clock_driver("system", {"zone": "UTC"})


def test_a_tone_driver_is_found_by_name_and_its_options_are_checked():
    tone_driver("silent", {}).play(Tone.OK)
    with pytest.raises(UnknownDriver):
        tone_driver("trumpet", {})
    with pytest.raises(UnknownConfigKey):
        tone_driver("silent", {"volume": 3})
    recording = RecordingTone()
    recording.play(Tone.OK)
    assert recording.played == [Tone.OK]

"""What scanners send, read by the drivers: every recording, without a device and on a pty.

The same recordings run through the evdev driver in a fake kernel (`evdev_in_fake_kernel`) and on a
real one (`tests/hardware`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.scanners.contract import Reading
from edge.scanners.evdev_scanner import TERMINATORS
from edge.scanners.keymap import EV_SYN, SYN_REPORT, KeyReader
from tests.contracts.scanner_rigs import SerialRig, read_all
from tests.edge.scanners.recordings import Sent, Typed, meaning, sent, shown, typed

TYPED = [pytest.param(recording, id=recording.says) for recording in typed()]
SENT = [pytest.param(recording, id=recording.says) for recording in sent()]


@pytest.mark.parametrize("recording", TYPED)
def test_keys_are_read_as_they_were_meant(recording: Typed) -> None:
    terminators = TERMINATORS[recording.terminator]
    reader = KeyReader(terminators, is_caps_locked=recording.caps)
    readings: list[Reading] = []
    for event in recording.events():
        readings += reader.feed(*event) + reader.feed(EV_SYN, SYN_REPORT, 0)
    assert shown(readings) == recording.reads


@pytest.mark.parametrize("recording", SENT)
def test_bytes_are_read_as_they_were_meant(recording: Sent, tmp_path: Path) -> None:
    options = {"framing": recording.framing, "encoding": recording.encoding}
    rig = SerialRig(tmp_path, **options)
    rig.plug()
    rig.scanner.open()
    for write in recording.writes():
        rig.send(write)
    assert shown(read_all(rig, len(recording.reads))) == recording.reads
    rig.close()


@pytest.mark.parametrize("recording", [case for case in TYPED + SENT if case.values[0].means])
def test_what_was_read_means_what_the_recording_says(recording: Typed | Sent) -> None:
    assert meaning(recording) == recording.means


def test_no_two_recordings_say_the_same() -> None:
    names = [recording.says for recording in [*typed(), *sent()]]
    assert sorted(set(names)) == sorted(names)
    assert all(recording.origin for recording in [*typed(), *sent()])

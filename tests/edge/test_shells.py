"""Configuration, tones, gauges, scanner port and back-off: the small parts around the core."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import edge.handheld
from edge.clock import Now, SystemClock, TimeKeeper
from edge.clock_choice import clock_driver
from edge.config import BrokerConfig, HubConfig, parse_config, read_config, read_password
from edge.errors import ConfigUnreadable, EdgeError, UnknownConfigKey, UnknownDriver
from edge.gauges import battery_percent, disk_free_mb, radio_dbm
from edge.handheld.agent_io import ScanFailed, ScannerPresence, ScanRead
from edge.identity.record import IdentityStore
from edge.link.reconnect import (
    LONG_GONE_FAILURES,
    LONG_GONE_MS,
    LONGEST_MS,
    REFUSED_MS,
    STABLE_MS,
    Backoff,
)
from edge.run import command
from edge.scanner_port import READ_EVERY_MS, TRY_AGAIN_MS, ScannerPort
from edge.scanners.contract import ScannerFault
from edge.scanners.scripted import ScriptedScanner
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_owner import open_outbox
from edge.tones import PATTERNS, RecordingTone, TerminalTone, Tone, tone_driver
from edge.tones.aplay import pattern_samples
from edge.tones.terminal import BELLS
from protocols.errors import BadName
from protocols.messages.asking import TimeReply
from tests.edge.certificates import SITE, TestHub

EXAMPLE = Path(edge.handheld.__file__).with_name("example.toml")
SETTING = re.compile(r"# (\[?[a-z0-9_.]+\]?|[a-z0-9_]+ = .+)( +#.*)?$")
SHORTEST = 'site = "main"\nname = "h1"\n[broker]\nhost = "hub"\n'


# ── Configuration. ──────────────────────────────────────────────────────────────────────────


def test_the_example_is_a_good_configuration_and_shows_every_key():
    config = read_config(EXAMPLE)
    assert (config.site, config.name, config.broker) == ("", "", None)
    text = EXAMPLE.read_text()
    for kind in (type(config), BrokerConfig, type(config.hub), type(config.scanner),
                 type(config.tones), type(config.clock), type(config.gauges)):  # fmt: skip
        for key in kind.__struct_fields__:
            assert key in text, f"{key} is not in the example"


def test_what_the_example_leaves_out_is_right_as_soon_as_its_sign_is_taken_away():
    lines = EXAMPLE.read_text().splitlines()
    uncommented = [line[2:] if SETTING.match(line) else line for line in lines]
    config = parse_config("\n".join(uncommented))
    assert (config.site, config.name, config.broker.host) == ("main", "h1", "127.0.0.1")
    assert config.hub == HubConfig(("hub.example:8883",), True, ("wlan0",))


def test_no_configuration_at_all_is_enough_for_a_device_that_is_enrolled_by_a_code():
    config = parse_config("")
    assert (config.broker, config.hub.mdns, config.device("1").can_enrol) == (None, True, True)


def test_the_shortest_configuration_with_a_password_is_enough():
    config = parse_config(SHORTEST)
    assert (config.broker.port, config.scanner, config.tones.driver) == (1883, None, "terminal")
    assert not config.device("1").can_enrol


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("colour = 1\n" + SHORTEST, "colour"),
        (SHORTEST + "hots = 1\n", "broker.hots"),
        (SHORTEST + '[scanner]\ndriver = "evdev"\nspeed = 1\n', "scanner.speed"),
        (SHORTEST + "[tones]\nvolume = 3\n", "tones.volume"),
        ("[hub]\nadress = []\n", "hub.adress"),
    ],
)
def test_an_unknown_key_is_refused_by_name(text, key):
    with pytest.raises(UnknownConfigKey) as refused:
        parse_config(text)
    assert refused.value.key == key


def test_what_is_no_text_is_no_configuration(tmp_path):
    (tmp_path / "photo").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ConfigUnreadable, match=r"photo cannot be used: it is no text\.$"):
        read_config(tmp_path / "photo")


def test_a_second_agent_on_one_outbox_ends_in_the_line_that_every_refusal_has(tmp_path, repository):
    (tmp_path / "h1.toml").write_text(SHORTEST)
    path = tmp_path / "outbox.sqlite"
    first = open_outbox(path, "main/h1", random.Random(1), 100)
    second = subprocess.run(
        [sys.executable, "-m", "binlight", "edge", "--headless", f"--data={tmp_path}",
         f"--config={tmp_path / 'h1.toml'}"],
        cwd=repository, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    first.close()
    said = f"binlight: The outbox {path} cannot be used: another agent works with it.\n"
    assert (second.returncode, second.stderr) == (1, said)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("site = ", ConfigUnreadable),
        ('name = "h1"\n[broker]\nhost = "hub"\n', BadName),
        (SHORTEST + 'port = "many"\n', ConfigUnreadable),
        ("broker = 7\n" + 'site = "main"\nname = "h1"\n', ConfigUnreadable),
        (SHORTEST.replace("h1", "H 1"), BadName),
        (SHORTEST.replace("main", "a/b"), BadName),
    ],
)
def test_a_wrong_value_is_refused(text, error):
    with pytest.raises(error):
        parse_config(text)


def test_the_password_is_the_files_line(tmp_path):
    (tmp_path / "pw").write_text("s3cret\n")
    assert read_password(BrokerConfig("h", password_file=str(tmp_path / "pw"))) == "s3cret"
    assert read_password(BrokerConfig("h")) is None
    with pytest.raises(ConfigUnreadable):
        read_password(BrokerConfig("h", password_file=str(tmp_path / "none")))


def test_the_command_refuses_a_missing_file_and_a_driver_that_is_not_there(tmp_path):
    with pytest.raises(ConfigUnreadable, match=r"no\.toml .+: the file is not there\.$"):
        CliRunner().invoke(command, ["--config", str(tmp_path / "no.toml")], catch_exceptions=False)
    path = tmp_path / "h1.toml"
    path.write_text(SHORTEST + '[scanner]\ndriver = "telepathy"\n')
    with pytest.raises(UnknownDriver, match="telepathy"):
        CliRunner().invoke(
            command,
            ["--config", str(path), "--data", str(tmp_path), "--headless"],
            catch_exceptions=False,
        )


def test_the_roots_of_an_enrolled_device_are_those_of_its_identitys_site(tmp_path):
    (tmp_path / "tls").mkdir()
    IdentityStore(tmp_path).adopt(TestHub(tmp_path / "tls").identity("hub:8883"))
    SqliteOutbox(tmp_path / "outbox.sqlite", random.Random(1)).close()
    config = tmp_path / "handheld.toml"
    config.write_text("")
    said = CliRunner().invoke(
        command, ["--config", str(config), "--data", str(tmp_path), "--roots"]
    )
    assert json.loads(said.output) == {"site": SITE, "days": []}


# ── Tones. ──────────────────────────────────────────────────────────────────────────────────


def test_every_outcome_has_a_tone_of_its_own():
    assert set(PATTERNS) == set(BELLS) == set(Tone)
    assert len(set(PATTERNS.values())) == len(set(BELLS.values())) == len(Tone)


def test_no_is_lower_than_yes_and_sounds_twice():
    yes, no = PATTERNS[Tone.OK], PATTERNS[Tone.REFUSED]
    assert len(no) == 2
    assert max(beep.hertz for beep in no) < min(beep.hertz for beep in yes) / 2


def test_a_pattern_fits_into_a_pipe_so_that_playing_never_waits():
    for beeps in PATTERNS.values():
        samples = pattern_samples(beeps)
        assert 0 < len(samples) < 64 * 1024
        assert any(samples)


def test_the_terminal_rings_and_a_closed_one_is_no_error(tmp_path):
    path = tmp_path / "bell"
    with path.open("wb") as file:
        tone = TerminalTone(file.fileno())
        tone.play(Tone.DONE)
        tone.play(Tone.COUNT)
    assert path.read_bytes() == b"\a\a"
    tone.play(Tone.OK)


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


# ── Gauges. ─────────────────────────────────────────────────────────────────────────────────


def test_battery_and_radio_are_read_where_the_kernel_shows_them(tmp_path):
    (tmp_path / "AC").mkdir()
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0" / "capacity").write_text("82\n")
    wireless = tmp_path / "wireless"
    wireless.write_text("Inter-| sta\n face | tus\n wlan0: 0000   52.  -58.  -256   0 0 0 0 0 0\n")
    assert (battery_percent(tmp_path), radio_dbm(wireless)) == (82, -58)


def test_no_battery_and_no_radio_are_no_error(tmp_path):
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0" / "capacity").write_text("full")
    (tmp_path / "wireless").write_text("a\nb\n wlan0: 0000 x y z\nodd\n")
    assert battery_percent(tmp_path) is None
    assert radio_dbm(tmp_path / "wireless") is None
    assert radio_dbm(tmp_path / "none") is None


def test_the_room_on_the_disk_is_told_and_a_folder_that_is_gone_is_no_error(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=3 * 2**20 + 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    assert disk_free_mb(tmp_path) == 3
    monkeypatch.undo()
    assert disk_free_mb(tmp_path / "none") is None


# ── The scanner's port. ─────────────────────────────────────────────────────────────────────


def test_scans_and_lost_scans_come_through_in_order():
    scanner = ScriptedScanner()
    port = ScannerPort(scanner)
    assert port.turn(0, readable=False) == []
    scanner.scan("85123A")
    scanner.feed(ScannerFault("TOO_LONG", "The scan was too long."))
    assert port.turn(1, readable=True) == [
        ScanRead("85123A"),
        ScanFailed("TOO_LONG", "The scan was too long."),
    ]
    assert port.next_wakeup_ms == 1 + READ_EVERY_MS
    port.close()


def test_a_lost_scanner_is_said_once_and_tried_again_until_it_is_back():
    scanner = ScriptedScanner()
    port = ScannerPort(scanner)
    port.turn(0, readable=False)
    scanner.unplug()
    lost = port.turn(10, readable=True)
    assert [isinstance(one, ScannerPresence) and one.is_there for one in lost] == [False]
    assert port.fileno is None
    assert port.turn(11, readable=False) == []
    assert port.turn(10 + TRY_AGAIN_MS, readable=False) == []
    scanner.plug()
    assert port.turn(10 + 2 * TRY_AGAIN_MS, readable=False) == [ScannerPresence(is_there=True)]
    port.close()


# ── Time and back-off. ──────────────────────────────────────────────────────────────────────


def test_pauses_grow_to_a_bound_are_jittered_from_zero_and_start_anew_after_success():
    backoff = Backoff(random.Random(7))
    pauses = [backoff.pause_ms() for _ in range(LONG_GONE_FAILURES)]
    assert max(pauses[:1]) <= 500
    assert LONGEST_MS * 0.9 < max(pauses) <= LONGEST_MS
    assert min(pauses[50:]) < LONGEST_MS * 0.1
    assert REFUSED_MS // 2 <= backoff.refused_pause_ms() <= REFUSED_MS
    assert LONGEST_MS < max(backoff.pause_ms() for _ in range(50)) <= LONG_GONE_MS
    backoff.lasted(STABLE_MS - 1)
    assert backoff.failures > LONG_GONE_FAILURES
    backoff.lasted(STABLE_MS)
    assert backoff.pause_ms() <= 500


def test_a_better_exchange_replaces_a_worse_one_and_an_old_one_fades():
    keeper = TimeKeeper()
    start = Now(utc_us=1, mono_ms=1_000)
    assert (keeper.at_us(start), keeper.quality(start)) == (1, "unknown")
    keeper.hear(TimeReply(v=1, t1=0, t2=10_000_000, t3=10_000_000), start)
    assert keeper.at_us(start) == 10_500_000
    keeper.hear(TimeReply(v=1, t1=990_000, t2=11_000_000, t3=11_000_000), start)
    assert keeper.at_us(start) == 11_005_000
    keeper.hear(TimeReply(v=1, t1=0, t2=50_000_000, t3=50_000_000), start)
    assert keeper.at_us(start) == 11_005_000
    later = Now(utc_us=1, mono_ms=1_000 + 3_600_001)
    assert keeper.quality(start) == "synced"
    assert keeper.quality(later) == "estimated"


def test_an_answer_from_before_a_reboot_is_ignored():
    keeper = TimeKeeper()
    keeper.hear(TimeReply(v=1, t1=9_000_000, t2=5, t3=5), Now(1, 1_000))
    assert keeper.quality(Now(1, 1_000)) == "unknown"


def test_the_systems_clocks_go_forward():
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert second.mono_ms >= first.mono_ms
    assert first.utc_us > 1_600_000_000_000_000


def test_every_error_of_the_edge_has_a_code_of_its_own():
    kinds = EdgeError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds)

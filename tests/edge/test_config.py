"""The configuration file: every key known, checked, and shown in the example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import edge.handheld
from edge.config import BrokerConfig, HubConfig, parse_config, read_config, read_password
from edge.errors import ConfigUnreadable, UnknownConfigKey
from protocols.errors import BadName

EXAMPLE = Path(edge.handheld.__file__).with_name("example.toml")
SETTING = re.compile(r"# (\[?[a-z0-9_.]+\]?|[a-z0-9_]+ = .+)( +#.*)?$")
SHORTEST = 'site = "main"\nname = "h1"\n[broker]\nhost = "hub"\n'


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

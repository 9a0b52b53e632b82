"""A renewal's course, in virtual time: asked, asked again, refused, granted, cut in the middle."""

from __future__ import annotations

import random

import pytest

from edge.clock import Now, TimeKeeper
from edge.config import DeviceConfig
from edge.identity.record import IdentityStore
from edge.identity.renewal import ASK_AGAIN_MAX_MS, ASK_AGAIN_MS, Renewal
from edge.link.core import CERTIFICATE, LinkCore
from edge.link.io_values import LinkAction, MessageArrived, Publish, Reconnect
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from protocols.messages.asking import Answer, Ask
from protocols.messages.codec import decode, encode
from protocols.messages.commands import CommandAck, RenewCertificate, command
from protocols.messages.presence import Birth, HubState
from protocols.topics import device_topic, hub_state_topic
from tests.edge.certificates import DEVICE, SITE, TestHub

COMMAND_ID = "0" * 31 + "1"


class Site:
    """One device's link core with a store in a folder, and a hub that answers when asked to."""

    def __init__(self, hub: TestHub, folder, *, has_certificate: bool = True) -> None:
        self.hub, self.folder, self.mono_ms = hub, folder, 1_000
        self.store = IdentityStore(folder)
        if has_certificate and self.store.identity is None:
            self.store.adopt(hub.identity("hub:8883"))
        self.renewal = Renewal(self.store) if has_certificate else None
        self.link = LinkCore(
            DeviceConfig(SITE, DEVICE), SqliteOutbox(IN_MEMORY, random.Random(1)), TimeKeeper(),
            random.Random(2), self.renewal,
        )  # fmt: skip

    @property
    def now(self) -> Now:
        return Now(0, self.mono_ms)

    def connect(self, certificate: str = "") -> list[LinkAction]:
        self.link.connected(self.now, certificate)
        return self.hear_hub(is_online=True)

    def hear_hub(self, *, is_online: bool) -> list[LinkAction]:
        state = HubState(v=1, online=is_online, hub_epoch="h")
        message = MessageArrived(hub_state_topic(SITE), encode(state))
        return self.link.arrived(message, self.now)[0] + self.link.tick(self.now)

    def command(self) -> list[LinkAction]:
        body = encode(command(COMMAND_ID, 0, RenewCertificate()))
        return self.link.arrived(MessageArrived(device_topic(SITE, DEVICE, "cmd"), body), self.now)[
            0
        ]

    def answer(self, answer: Answer, correlation: bytes = CERTIFICATE) -> list[LinkAction]:
        topic = device_topic(SITE, DEVICE, "answer")
        return self.link.arrived(MessageArrived(topic, encode(answer), correlation), self.now)[0]

    def wait(self, ms: int) -> list[LinkAction]:
        self.mono_ms += ms
        return self.link.tick(self.now)

    def grant(self, ask: Ask) -> Answer:
        return Answer(v=1, found=True, certificate=self.hub.grant(ask.csr))


def asked(actions: list[LinkAction]) -> list[Ask]:
    topic = device_topic(SITE, DEVICE, "ask")
    sent = [action for action in actions if isinstance(action, Publish)]
    return [decode(Ask, action.payload) for action in sent if action.topic == topic]


def acked(actions: list[LinkAction]) -> list[CommandAck]:
    topic = device_topic(SITE, DEVICE, "cmd_ack")
    sent = [action for action in actions if isinstance(action, Publish)]
    return [decode(CommandAck, action.payload) for action in sent if action.topic == topic]


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> TestHub:
    return TestHub(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def site(hub, tmp_path) -> Site:
    made = Site(hub, tmp_path)
    made.connect()
    return made


def test_a_command_is_accepted_and_the_new_key_is_asked_for_at_once(site):
    old = site.store.identity.pair
    actions = site.command()
    assert [ack.accepted for ack in acked(actions)] == [True]
    [ask] = asked(actions)
    assert (ask.kind, ask.code) == ("CERTIFICATE", "")
    assert site.answer(site.grant(ask)) == [Reconnect()]
    assert site.store.identity.pair == old
    assert site.store.identity.next_pair is not None


def test_an_answer_that_never_comes_is_asked_for_again_with_growing_pauses(site):
    site.command()
    keys, pauses, since = set(), [], 0
    while len(pauses) < 10:
        since += 1_000
        for ask in asked(site.wait(1_000)):
            keys.add(ask.csr)
            pauses.append(since)
            since = 0
    assert pauses[:4] == [ASK_AGAIN_MS, 2 * ASK_AGAIN_MS, 4 * ASK_AGAIN_MS, 8 * ASK_AGAIN_MS]
    assert max(pauses) == pauses[-1] == ASK_AGAIN_MAX_MS


def test_nothing_is_asked_while_the_hub_is_away_and_at_once_when_it_returns(site):
    site.hear_hub(is_online=False)
    assert not asked(site.command())
    assert not asked(site.wait(ASK_AGAIN_MAX_MS))
    assert len(asked(site.hear_hub(is_online=True))) == 1


def test_another_connection_asks_at_once(site):
    site.command()
    site.wait(ASK_AGAIN_MS * 100)
    site.link.lost()
    assert len(asked(site.connect())) == 1


def test_a_restart_in_the_middle_asks_with_the_same_key(hub, site):
    [ask] = asked(site.command())
    again = Site(hub, site.folder)
    [repeated] = asked(again.connect())
    assert again.store.identity.next_key == site.store.identity.next_key
    assert again.answer(again.grant(ask)) == [Reconnect()], repeated


def test_a_restart_after_the_grant_asks_no_more(hub, site):
    [ask] = asked(site.command())
    site.answer(site.grant(ask))
    again = Site(hub, site.folder)
    assert not asked(again.connect())
    assert again.store.identity.next_pair is not None


def test_a_refusal_ends_it_and_another_command_begins_with_another_key(site):
    [first] = asked(site.command())
    assert site.answer(Answer(v=1, found=False, code="BAD_CSR")) == []
    assert not asked(site.wait(ASK_AGAIN_MAX_MS))
    [second] = asked(site.command())
    assert second.csr != first.csr


def test_a_certificate_that_does_not_fit_is_not_taken_and_asked_for_again(site, hub):
    site.command()
    for wrong in (hub.pair().certificate, "rubbish", ""):
        assert site.answer(Answer(v=1, found=True, certificate=wrong)) == []
    assert site.store.identity.next_pair is None
    assert len(asked(site.wait(ASK_AGAIN_MS))) == 1


def test_an_answer_to_somebodys_look_up_is_no_certificate(site):
    [ask] = asked(site.command())
    assert site.answer(site.grant(ask), b"look-up") == []
    assert site.store.identity.next_pair is None


def test_an_answer_that_comes_twice_has_no_second_effect(site):
    [ask] = asked(site.command())
    granted = site.grant(ask)
    site.answer(granted)
    taken = site.store.identity
    assert site.answer(granted) == []
    assert site.store.identity == taken


def test_a_device_with_a_password_says_that_it_has_no_certificate(hub, tmp_path):
    site = Site(hub, tmp_path, has_certificate=False)
    site.connect()
    [ack] = acked(site.command())
    assert (ack.accepted, ack.code) == (False, "NO_CERTIFICATE")


def test_a_key_that_cannot_be_kept_is_not_promised(site):
    (site.folder / "identity.json.new").mkdir()
    [ack] = acked(site.command())
    assert (ack.accepted, ack.code) == (False, "CANNOT_STORE")


def test_a_birth_names_the_certificate_of_its_connection(site):
    site.connect("ab12")
    assert decode(Birth, site.link.birth(site.now).payload).certificate == "ab12"
    assert decode(Birth, site.link.will(site.now).payload).certificate == ""

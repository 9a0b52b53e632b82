"""The committed contract is the code's, and every golden message fits it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from protocols.envelope import decode_data, decode_event, encode_event
from protocols.errors import ProtocolsError
from protocols.messages.channels import CHANNEL_TYPES
from protocols.messages.codec import decode, encode
from protocols.messages.commands import COMMAND_TYPES, Command, command_data
from protocols.messages.events import EVENT_TYPES
from protocols.topics import DOWN_CHANNELS, UP_CHANNELS
from tests.protocols import asyncapi_document

VECTORS = Path(__file__).resolve().parents[2] / "protocols" / "vectors"


def read(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (VECTORS / name).read_text("utf-8").splitlines()]


GOLDEN = read("v1.jsonl")
REFUSED = read("refused.jsonl")


def title(vector: dict[str, str]) -> str:
    return f"{vector['channel']}: {vector['name']}"


def decoded(channel: str, payload: bytes) -> Any:
    """A message with everything in it read, as a receiver would."""
    if channel == "evt":
        event = decode_event(payload, "h1")
        decode_data(event)
        return event
    message = decode(CHANNEL_TYPES[channel], payload)
    if isinstance(message, Command):
        command_data(message)
    return message


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return yaml.safe_load(asyncapi_document.FILE.read_text("utf-8"))


def test_the_committed_contract_is_the_one_the_code_speaks():
    """Written anew by: python -m tests.protocols.asyncapi_document"""
    assert asyncapi_document.FILE.read_text("utf-8") == asyncapi_document.text()


def test_every_channel_and_type_has_its_place(contract: dict[str, Any]):
    assert set(contract["channels"]) == {*UP_CHANNELS, *DOWN_CHANNELS, "state"}
    assert set(contract["channels"]["evt"]["messages"]) == set(EVENT_TYPES)
    assert set(contract["channels"]["cmd"]["messages"]) == set(COMMAND_TYPES)


def test_every_type_has_a_golden_message():
    seen = {json.loads(v["payload"]).get("type", v["channel"]) for v in GOLDEN}
    assert seen == {*EVENT_TYPES, *COMMAND_TYPES, *CHANNEL_TYPES} - {"cmd"}


@pytest.mark.parametrize("vector", GOLDEN, ids=title)
def test_a_golden_message_is_read_and_written_byte_for_byte(vector: dict[str, str]):
    payload = vector["payload"].encode()
    message = decoded(vector["channel"], payload)
    written = encode_event(message) if vector["channel"] == "evt" else encode(message)
    assert written == payload


@pytest.mark.parametrize("vector", GOLDEN, ids=title)
def test_a_golden_message_fits_the_contract(vector: dict[str, str], contract: dict[str, Any]):
    body = json.loads(vector["payload"])
    kind = CHANNEL_TYPES.get(vector["channel"])
    name = body["type"] if vector["channel"] in {"evt", "cmd"} or kind is None else kind.__name__
    payload = contract["components"]["messages"][name]["payload"]
    schema = {**payload, "components": contract["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)


@pytest.mark.parametrize("vector", GOLDEN, ids=title)
def test_a_field_that_this_version_does_not_know_is_no_reason_to_refuse(vector: dict[str, str]):
    body = {**json.loads(vector["payload"]), "of_a_later_version": {"x": [1]}}
    decoded(vector["channel"], json.dumps(body).encode())


@pytest.mark.parametrize("vector", REFUSED, ids=title)
def test_what_was_refused_once_is_refused_by_the_same_name(vector: dict[str, str]):
    with pytest.raises(ProtocolsError) as refusal:
        decoded(vector["channel"], vector["payload"].encode())
    assert refusal.value.code == vector["code"]

"""The wire's contract as AsyncAPI 3.0, derived from the code. `python -m` writes the file anew.

Owns nothing: channels come from `topics`, types and fields from `messages` and `envelope`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from protocols.envelope import Event
from protocols.messages.channels import CHANNEL_TYPES
from protocols.messages.commands import COMMAND_TYPES
from protocols.messages.events import EVENT_TYPES
from protocols.topics import DOWN_CHANNELS, UP_CHANNELS, device_topic, hub_state_topic

FILE: Final = Path(__file__).resolve().parents[2] / "protocols" / "asyncapi.yaml"
REF: Final = "#/components/schemas/{name}"
QOS_0: Final = frozenset({"tlm", "time", "time_reply"})
RETAINED: Final = frozenset({"birth", "cfg", "state"})
EXPIRY_S: Final = {"ack": 60, "answer": 60}
SAYS: Final = {
    "birth": "Who is there: presence, epoch, last sequence number. Also the Will.",
    "evt": "Business events in order, one topic; each is applied once.",
    "cmd_ack": "Accepted or rejected, at once and for each repeat.",
    "ask": "A look-up; the answer carries the same correlation data.",
    "tlm": "Battery, radio, scan quality; (seq, at) advance the watermark.",
    "time": "First of four timestamps.",
    "ack": "Everything of an epoch up to a sequence number is committed.",
    "cmd": "Revisioned assignments and commands, repeated until answered.",
    "answer": "What was asked for.",
    "time_reply": "Second and third of four timestamps.",
    "cfg": "The desired configuration; its hash is echoed in the birth.",
    "state": "Whether the hub is there, and which storage it has. Also its Will.",
}


def document() -> dict[str, Any]:
    """The whole contract as plain values."""
    channels = (*UP_CHANNELS, *DOWN_CHANNELS, "state")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Binlight devices and hub",
            "version": "1.0.0",
            "description": "What travels between devices and the hub of a site, over MQTT 5, as "
            "JSON. Rules of delivery: docs/protocol.md. Operations are seen from the hub.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name) for name in channels},
        "operations": {_operation_name(name): _operation(name) for name in channels},
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _channel(name: str) -> dict[str, Any]:
    is_hub = name == "state"
    address = hub_state_topic("{site}") if is_hub else device_topic("{site}", "{dev}", name)  # type: ignore[arg-type]
    parameters = {"site": {"description": "Short name of the site."}}
    if not is_hub:
        parameters["dev"] = {"description": "Name of the device."}
    return {
        "address": address,
        "description": SAYS[name],
        "parameters": parameters,
        "messages": {
            message: {"$ref": f"#/components/messages/{message}"} for message in _names(name)
        },
    }


def _names(channel: str) -> list[str]:
    """The messages of a channel."""
    if channel == "evt":
        return list(EVENT_TYPES)
    if channel == "cmd":
        return list(COMMAND_TYPES)
    return [CHANNEL_TYPES[channel].__name__]


def _operation_name(channel: str) -> str:
    return f"{'hear' if channel in UP_CHANNELS else 'say'}_{channel}"


def _operation(channel: str) -> dict[str, Any]:
    binding: dict[str, Any] = {
        "qos": 0 if channel in QOS_0 else 1,
        "retain": channel in RETAINED,
        "bindingVersion": "0.2.0",
    }
    if channel in EXPIRY_S:
        binding["messageExpiryInterval"] = EXPIRY_S[channel]
    return {
        "action": "receive" if channel in UP_CHANNELS else "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "bindings": {"mqtt": binding},
    }


def _messages() -> dict[str, Any]:
    made = {name: _framed("Event", name) for name in EVENT_TYPES}
    made |= {name: _framed("Command", name) for name in COMMAND_TYPES}
    for channel, kind in CHANNEL_TYPES.items():
        if channel != "cmd":
            name = kind.__name__
            made[name] = _message(name, {"$ref": REF.format(name=name)})
    return made


def _framed(frame: str, name: str) -> dict[str, Any]:
    """A frame whose `type` says what its `data` is."""
    inside = {
        "type": "object",
        "properties": {"type": {"const": name}, "data": {"$ref": REF.format(name=name)}},
    }
    return _message(name, {"allOf": [{"$ref": REF.format(name=frame)}, inside]})


def _message(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "contentType": "application/json", "payload": payload}


def _schemas() -> dict[str, Any]:
    kinds = [Event, *CHANNEL_TYPES.values(), *EVENT_TYPES.values(), *COMMAND_TYPES.values()]
    _, components = msgspec.json.schema_components(kinds, ref_template=REF)
    return {name: _plain(components[name]) for name in sorted(components)}


def _plain(schema: Any) -> Any:
    """Tuples as lists, so that YAML needs no tags."""
    plain: Any = msgspec.to_builtins(schema)
    return plain


def text() -> str:
    """The file's content."""
    head = "# Derived from the code: python -m tests.protocols.asyncapi_document\n"
    return head + yaml.safe_dump(document(), sort_keys=False, width=100, allow_unicode=True)


if __name__ == "__main__":
    FILE.write_text(text())
    sys.stdout.write(f"{FILE}\n")

"""Builds the parts that configuration names. Owns who is joined with whom, and nothing else.

Heavy parts are imported where they are built, so that a gateway runs without Flask.
"""

from __future__ import annotations

import os
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import peewee

from hub.clock import Clock, SystemClock
from hub.config import HubConfig
from hub.fault_points import Reached, never
from hub.journal import Journal
from hub.opening import open_database, write_log_anew

if TYPE_CHECKING:
    from hub.device_gateway.apply import Handler
    from hub.device_gateway.command_answers import AnswerHandler
    from hub.device_gateway.core import GatewayCore
    from hub.device_gateway.presence import BirthHandler
    from hub.device_gateway.renewals import Signer
    from hub.identity.authority import Signed


def open_journal(
    config: HubConfig, clock: Clock | None = None, random: Random | None = None
) -> Journal:
    """Open the configured database; the journal is the way in for every command."""
    database = open_database(config.database)
    return Journal(database, clock or SystemClock(), random or SystemRandom())


def event_handlers() -> dict[str, Handler]:
    """What each type of event does."""
    from hub.warehouse.device_events import EVENT_HANDLERS

    return EVENT_HANDLERS


def answer_handlers() -> dict[str, AnswerHandler]:
    """What a device's answer does, by the type of the command."""
    from hub.warehouse import dispatch

    return {
        "OfferAssignment": dispatch.answered_offer,
        "RevokeAssignment": dispatch.answered_revoke,
    }


def birth_handlers() -> list[BirthHandler]:
    """What follows when a device says who it is."""
    from hub.devices import day_roots, enrolment
    from hub.verify.chains import LEDGERS
    from hub.warehouse.reconciling import reconcile

    return [
        lambda act, birth, upto: day_roots.compare(act, birth, LEDGERS), reconcile,
        enrolment.note_use,
    ]  # fmt: skip


def certificate_signer(config: HubConfig) -> Signer:
    """Signs what devices ask for; keys and cryptography are loaded at the first request."""

    def sign(device: str, csr: str, now_us: int) -> Signed:
        from hub.identity.authority import Authority, read_request

        key = read_request(csr, device)
        authority = Authority.open(config.tls_folder)
        return authority.sign_device(key, config.site, device, os.urandom(16), now_us)

    return sign


def make_gateway(
    config: HubConfig, database: peewee.Database, clock: Clock, reached: Reached = never
) -> GatewayCore:
    """The gateway's core for the configured site, over a migrated and furnished database."""
    from hub.device_gateway.configuration import Configuration
    from hub.device_gateway.core import GatewayCore
    from hub.inventory.models import Site
    from hub.staff.queries import shift_people
    from hub.warehouse.pick_events import TRUSTING

    write_log_anew(database)
    site = Site.get(Site.code == config.site)
    return GatewayCore(
        database, site=config.site, company=config.company, hub_epoch=site.hub_epoch, clock=clock,
        handlers=event_handlers(), answer_handlers=answer_handlers(),
        configuration=Configuration(
            config.site, site.time_zone, lambda: shift_people(config.company, config.site)
        ),
        reached=reached, trusting=TRUSTING, birth_handlers=birth_handlers(),
        signer=certificate_signer(config),
    )  # fmt: skip

"""A failing disk under the real outbox and hub database takes nothing that was promised."""

from __future__ import annotations

import signal

import pytest

from simulators.campaigns.crash_images.recorder import can_record
from simulators.campaigns.storage_faults import FAULTS, HUB, OUTBOX, StorageFault, strike

pytestmark = pytest.mark.skipif(
    not can_record(), reason="strace is not installed, or may not look at processes here"
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_outbox_keeps_what_it_promised(fault: StorageFault):
    outcome = strike(fault, OUTBOX, 1)
    assert outcome.complaint == ""
    assert outcome.ended in {0, -signal.SIGKILL}


@pytest.mark.parametrize("fault", FAULTS[:4:2], ids=lambda fault: fault.name)
def test_the_hub_keeps_what_it_promised(fault: StorageFault):
    outcome = strike(fault, HUB, 3)
    assert outcome.promises > 0
    assert outcome.complaint == ""

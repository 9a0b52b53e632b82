"""What happens in the house, part by part. Together they carry out every command there is."""

from __future__ import annotations

import csv
from datetime import date
from functools import partial
from typing import Final

from hub.backup.acts import BecomeAnother, NoteNightlyRun
from hub.backup.rights_since import NOTHING_KNOWN, AskReview
from hub.backup.shut_out import KeepShutOut, Token
from hub.bulk.acts import NoteUpload
from hub.bulk.service import import_file
from hub.catalog.acts import RemoveBarcode, SaveBarcode, SaveItem
from hub.customers.acts import ChangeCustomer
from hub.customers.forgetting import forgetting
from hub.customers.models import Customer
from hub.desk.acts import CancelOrder, CancelUnits, CountStock, ReleaseClaim
from hub.devices import day_roots
from hub.devices.acts import (
    AddDevice,
    AskRenewal,
    EnrolDevice,
    NoteCut,
    NoteWrongCode,
    OfferCode,
    RenewDeviceCertificate,
    RetireDevice,
    RevokeDevice,
    ShowWords,
)
from hub.devices.acts import SetPassword as SetDevicePassword
from hub.devices.day_roots import TellOfCut
from hub.devices.staying_out import Ended, ShutOut
from hub.health.disk_room import NoteRoom
from hub.inventory.acts import Goods, LockBin, Receive, SetStatus
from hub.orders.acts import HoldOrder, PlaceOrder, ReleaseHold, SetPriority
from hub.orders.placing import NewLine, NewOrder
from hub.security.acts import ForgetOld, ReadLog
from hub.security_events import NoteSights, Sight
from hub.shipping.acts import ReopenParcel, Ship, Stage
from hub.staff import denials, sessions
from hub.staff.acts import (
    AddPerson,
    AddToken,
    BeginSecondFactor,
    ChangePerson,
    ConfirmSecondFactor,
    EndReview,
    EndSessions,
    EnterCode,
    EnterRecoveryCode,
    GrantRole,
    Leave,
    LetIn,
    LogIn,
    LogOut,
    RenewRecoveryCodes,
    ResetSecondFactor,
    RevokeToken,
    SetPassword,
    SetPin,
    SetRoleRule,
    TurnOffSecondFactor,
    WithdrawRole,
)
from hub.staff.reviewing import ChangedRight
from hub.verify.findings import Finding
from hub.warehouse.acts import (
    AskComparison,
    AskDevices,
    ExpireLeases,
    HandOverWork,
    HoldWave,
    PlanDueOrders,
    PlanWave,
    RecallWork,
    RemindOfKept,
    ResumeWave,
    RevokeWork,
    SetAsideWork,
    SetGoal,
    SetReserve,
    SetStream,
    SettleCount,
    SettleException,
    SettleTote,
    ShareReserve,
)
from hub.warehouse.clock_jumps import FollowJump
from hub.warehouse.pack_acts import (
    CloseParcel,
    PutAside,
    ReportSurplus,
    ScanTote,
    StartOver,
    VerifyItem,
)
from hub.warehouse.streaming import Stream
from protocols.messages.events import (
    ActUndone,
    AssignmentCompleted,
    AssignmentResumed,
    AssignmentStarted,
    AssignmentSuspended,
    BinVerified,
    HelpRequested,
    LineSkipped,
    PersonLoggedIn,
    PersonLoggedOut,
    PickConfirmed,
    PickShorted,
    PinLockedOut,
    ToteAssigned,
    UnitsCounted,
    UntrustedHubMet,
    WorkRequested,
)
from protocols.messages.work import WorkLine
from tests.hub.replaying.warehouse import COMPANY, DEVICE, SITE, House

BINS: Final = {"PEN": "A-01-01-1", "CUP": "A-02-01-1", "INK": "A-03-01-1"}


def people(house: House) -> None:
    """Somebody comes, is changed, proves who they are, and is refused something."""
    digest = "ab" * 32
    ana = house.do(
        AddPerson(COMPANY, "Ana", badge="ANA", verifier="scrypt$1", login="ana",
                  password_hash="argon", roles=("picker", "supervisor"))
    )  # fmt: skip
    house.person = ana
    house.do(ChangePerson(ana, "Ana B", "en", True, ("picker",), badge="ANA", login="ana"))
    house.do(SetPin(ana, "scrypt$2"))
    house.do(SetPassword(ana, "argon2", must_change=False))
    _guess(house, ana)
    house.do(LogIn(ana, digest, "::1"), actor=ana)
    house.do(LogIn(ana, "cd" * 32, "::1", former=digest), actor=ana)
    house.do(LogOut("cd" * 32), actor=ana)
    house.do(EndSessions(ana, digest), actor=ana)
    house.do(RevokeToken(ana, house.do(AddToken(ana, "till", digest))))
    house.do(GrantRole(ana, "office", "toys", SITE))
    house.do(WithdrawRole(ana, "office", "toys", SITE))
    _telephone(house, ana)


def _guess(house: House, ana: bytes) -> None:
    """What is written down beside the journal is none of a replay's business."""
    for person in (ana, None):
        house.journal.beside(partial(sessions.take_attempt, person=person), site=SITE)
    denials.note_beside(house.journal, SITE, ana, "orders.cancel", "::1")


def _telephone(house: House, ana: bytes) -> None:
    """A second factor is set up, asked for, replaced on paper, turned off, and lost."""
    digest, half, paper = "ab" * 32, "ef" * 32, "12" * 32
    house.do(SetRoleRule("admin", True))
    house.do(BeginSecondFactor(ana, "JBSWY3DPEHPK3PXP"))
    house.do(ConfirmSecondFactor(ana, 7, f"{paper} {'34' * 32}", digest))
    house.do(LogIn(ana, half, "::1"), actor=ana)
    house.do(EnterCode(ana, digest, half, "::1", 8), actor=ana)
    house.do(LogIn(ana, half, "::1"), actor=ana)
    house.do(EnterRecoveryCode(ana, "56" * 32, half, "::1", paper), actor=ana)
    house.do(RenewRecoveryCodes(ana, 9, "78" * 32))
    house.do(TurnOffSecondFactor(ana, 10))
    house.do(BeginSecondFactor(ana, "JBSWY3DPEHPK3PXQ"))
    house.do(ResetSecondFactor(ana))
    house.do(AskReview((ChangedRight("GIVEN_BACK", ana, "office", "*", "*"),)))
    house.do(EndReview())
    house.do(AskReview(NOTHING_KNOWN))
    house.do(Leave(ana))
    house.do(LetIn(ana, "argon3"))


def goods(house: House) -> None:
    """Articles, their labels, and what lies where."""
    for sku, bin in BINS.items():
        item = house.do(SaveItem(COMPANY, sku, f"A {sku.lower()}", price_micros=1_000_000))
        house.do(Receive((Goods(bin, item, 40),), "opening"))
    pen = item_of(house, "PEN")
    house.do(SaveBarcode(COMPANY, "4006381333931", pen))
    house.do(SaveBarcode(COMPANY, "PEN-OLD", pen, "case", 6))
    house.do(RemoveBarcode(COMPANY, "PEN-OLD"))
    house.do(SetStatus(place_of(house, "INK"), item_of(house, "INK"), 3, "AVAILABLE", "HOLD", "?"))
    house.do(LockBin(BINS["INK"], "BLOCKED_IN"))
    house.do(LockBin(BINS["INK"], "ACTIVE"))


def files(house: House) -> None:
    """A file of each kind; customers come in with their orders, and one is forgotten."""
    rows = {
        "items": [("sku", "name"), ("MUG", "A mug")],
        "barcodes": [("code", "sku"), ("4012345678901", "MUG")],
        "stock": [("bin", "sku", "quantity"), ("A-04-01-1", "MUG", "9")],
        "people": [("name", "badge", "pin", "login", "password", "roles"),
                   ("Bo", "BO", "4711", "", "", "picker")],
        "orders": [("order", "sku", "quantity", "customer"), ("W-1", "MUG", "2", "C-1"),
                   ("W-2", "MUG", "1", "C-2")],
    }  # fmt: skip
    for kind, lines in rows.items():
        file = house.folder / f"{kind}.csv"
        with file.open("w", newline="") as out:
            csv.writer(out).writerows(lines)
        house.do(NoteUpload(kind, file.name, "00" * 32))
        import_file(house.journal, SITE, COMPANY, kind, file, rest=lambda _seconds: None)
    for external_id in ("C-1", "C-2"):
        id = house.one("SELECT id FROM customer WHERE external_id = ?", external_id)
        house.do(ChangeCustomer(id, "Somebody", "s@example.org", "France"))
        if external_id == "C-1":
            for command in forgetting(Customer.get_by_id(id)):
                house.do(command)


def devices(house: House) -> None:
    """Devices come in by password and by code, get words, and go."""
    for name in (DEVICE, "h2", "h3", "h4"):
        house.do(AddDevice(name, "handheld", "" if name == "h2" else "$7$hash"))
    house.do(SetDevicePassword("h3", "$7$other"))
    digest, later = b"d" * 32, house.clock.now_us() + 10**9
    house.do(OfferCode("h2", digest, later))
    house.do(NoteWrongCode("h2"))
    house.do(EnrolDevice("h2", digest, "csr", "01", "pem", "aa", later))
    house.do(AskRenewal(("h2",)))
    house.do(RenewDeviceCertificate("h2", "csr", "02", "pem", "bb", later))
    house.do(ShowWords(DEVICE, "Hello"))
    house.do(RevokeDevice("h2"))
    house.do(NoteCut(("01", "02")))
    house.do(RetireDevice("h4"))
    assert day_roots.keep_if_due(house.journal, SITE)
    house.do(TellOfCut("2026-01-05", "stock", 7, "MISSING"), via="device")


def messages(house: House) -> None:
    """What the gateway does about messages that are not as they should be."""
    house.greet("s0", "h3", epoch="e9", seq=9, pruned_upto=4)
    house.hear("birth", b"[]")
    house.greet("s1")
    house.answer()
    house.scan(PersonLoggedIn())
    house.scan(HelpRequested(text="where?", bin=BINS["PEN"]))
    house.scan(PinLockedOut(person=house.person.hex(), wrong=5, lock_s=60))
    house.scan(UntrustedHubMet(address="10.0.0.9:8883", fingerprint="ab"))
    house.scan(BinVerified(line="00" * 16, bin="X"))  # names no line: parked
    parked = house.one("SELECT id FROM floor_exception WHERE kind = 'PARKED_EVENT'")
    house.do(SettleException(parked, "reject", {"text": "a test"}))


def left_behind(house: House) -> None:
    """A handheld that was out of reach tells of a log-in that is older than the one known."""
    before_us = house.clock.now_us() - 60_000_000
    house.greet("s2", "h3", epoch="e10")
    late = PersonLoggedIn()
    house.scan(late, dev="h3", epoch="e10", seq=1, at=before_us, assignment=None)
    assert house.one("SELECT COUNT(*) FROM device WHERE name = 'h3' AND person IS NULL") == 1


def place(house: House, **quantities: int) -> bytes:
    """An order over these articles."""
    lines = [NewLine(item_of(house, sku), units) for sku, units in quantities.items()]
    return house.do(PlaceOrder(NewOrder(COMPANY, lines, channel="web", site=SITE)))


def orders(house: House) -> None:
    """Orders wait, hurry, shrink and end."""
    held = place(house, PEN=1)
    house.do(ReleaseHold(house.do(HoldOrder(held, "MANUAL", "ask"))))
    house.do(SetPriority(held, 5))
    house.do(CancelOrder(held, "changed their mind"))
    shrunk = place(house, PEN=3)
    line = house.one("SELECT id FROM order_line WHERE order_id = ?", shrunk)
    house.do(CancelUnits(line, 2, "too many"))
    house.do(CancelOrder(shrunk, "enough"))


def waves(house: House) -> None:
    """Waves are planned, taken back, held and gone on with; claims are let go."""
    house.do(SetReserve(0))
    house.do(SetStream(Stream(is_on=False, slots=4)))
    first = place(house, CUP=2)
    house.do(SetGoal(house.do(PlanDueOrders(title="due")), "CANCELLED"))
    house.plan()
    compared = house.do(PlanWave((place(house, CUP=1),)))
    house.do(AskComparison(compared, 1))
    house.plan()
    house.do(SetGoal(compared, "CANCELLED"))
    wave = house.do(PlanWave((first,), goal="ALLOCATED"))
    house.plan()
    claim = house.one("SELECT id FROM allocation WHERE state = 'ALLOCATED'")
    house.do(ReleaseClaim(claim))
    house.do(SetGoal(wave, "CANCELLED"))
    house.plan()
    house.do(CancelOrder(first, "not any more"))
    other = house.do(PlanWave((place(house, CUP=1),), goal="RELEASED"))
    house.plan()
    house.do(HoldWave(other))
    house.do(ResumeWave(other))
    ready = house.one("SELECT id FROM assignment WHERE state = 'READY'")
    house.do(SetAsideWork(ready, house.person))
    house.do(RemindOfKept((ready,)), via="planner")
    house.do(SetAsideWork(ready, None))
    kept = house.one("SELECT id FROM floor_exception WHERE kind = 'WORK_KEPT'")
    house.do(RemindOfKept((), (kept,)), via="planner")
    house.do(RecallWork(ready))
    house.plan()


def picking(house: House) -> None:
    """A picker does a tour with everything that may happen on one."""
    house.scan(WorkRequested(slots=1))
    house.do(PlanWave((place(house, PEN=4, CUP=2, INK=3),), goal="RELEASED", slots=1))
    house.plan()
    house.answer()
    taken_back(house)
    assert house.work is not None
    by_sku = {line.sku: line for line in house.work.lines}
    slot = house.work.slots[0].slot
    house.scan(AssignmentStarted())
    house.scan(ToteAssigned(slot=slot, tote="T-1"))
    house.scan(AssignmentSuspended())
    house.scan(AssignmentResumed())
    pen, cup, ink = by_sku["PEN"], by_sku["CUP"], by_sku["INK"]
    house.scan(LineSkipped(line=cup.id))
    house.scan(BinVerified(line=pen.id, bin=pen.bin))
    house.scan(UnitsCounted(line=pen.id, item=pen.item, quantity=4, counted=4))
    undone = house.scan(picked(pen, 4))
    house.scan(ActUndone(epoch="e1", seq=undone, line=pen.id))
    house.scan(picked(pen, 5))  # one more than was asked for
    house.scan(picked(cup, 2))
    house.scan(
        PickShorted(line=ink.id, bin=ink.bin, item=ink.item, quantity=1, reason="EMPTY",
                      tote="T-1")
    )  # fmt: skip
    house.scan(AssignmentCompleted())
    house.work = None
    house.plan()


def taken_back(house: House) -> None:
    """Before the tour begins its work goes back and forth."""
    assert house.work is not None
    id = bytes.fromhex(house.work.id)
    house.do(RevokeWork(id))
    house.answer()
    house.scan(WorkRequested(slots=1))
    house.plan()
    house.answer()
    house.do(HandOverWork(id, house.person))
    house.answer()
    house.scan(WorkRequested(slots=1))
    house.plan()
    house.answer()
    house.do(ExpireLeases((), (id,)), via="planner")
    house.do(ShareReserve((), ()), via="planner")
    house.do(FollowJump(1_000_000), via="timer")


def picked(line: WorkLine, quantity: int) -> PickConfirmed:
    return PickConfirmed(line=line.id, bin=line.bin, item=line.item, quantity=quantity, tote="T-1")


def counting(house: House) -> None:
    """The short pick is counted; the count waits for what the device has yet to say."""
    short = house.one("SELECT id FROM floor_exception WHERE kind = 'SHORT_PICK'")
    house.do(SettleException(short, "count", {"quantity": "2"}))
    count = house.one("SELECT id FROM bin_count ORDER BY taken_at DESC LIMIT 1")
    house.do(AskDevices(), via="planner")
    house.answer()
    house.clock.advance(ms=60_000)
    house.greet("s1", outbox_depth=0)
    house.do(SettleCount(count), via="planner")
    house.plan()
    pens = "SELECT b.id FROM balance b WHERE b.place = ? AND b.item = ?"
    balance = house.one(pens, place_of(house, "PEN"), item_of(house, "PEN"))
    house.do(CountStock(balance, 30, "looked", minutes=0))


def packing(house: House) -> None:
    """The tote is packed, with all that may go wrong on the way, and leaves."""
    task = house.do(ScanTote("B-1", "T-1"))
    house.do(VerifyItem(task.parcel, "PEN", 1, closes=False))
    house.do(StartOver(task.parcel))
    house.do(ReportSurplus(task.parcel, "T-1", "CUP", 1))
    house.do(PutAside(task.parcel))
    task = house.do(ScanTote("B-2", "T-1"))
    house.do(VerifyItem(task.parcel, "PEN", 4, closes=False))
    house.do(VerifyItem(task.parcel, "CUP", 1, closes=False))
    house.do(CloseParcel(task.parcel, "MISSING"))
    house.do(ReopenParcel(task.parcel, "look again"))
    house.do(VerifyItem(task.parcel, "PEN", 4, closes=False))
    house.do(CloseParcel(task.parcel, "MISSING"))
    house.do(Stage(task.shipment))
    house.do(Ship(task.shipment))
    house.scan(_stray(house))
    tote = house.one("SELECT place FROM floor_exception WHERE kind = 'PUT_BACK'")
    house.do(SettleTote(tote, "not_there"))
    house.scan(PersonLoggedOut())
    house.plan()


def _stray(house: House) -> PickConfirmed:
    """A pick of work that the hub does not know: its units lie in the tote for nobody."""
    pen = item_of(house, "PEN").hex()
    return PickConfirmed(line="5b" * 16, bin="A-01-01-1", item=pen, quantity=1, tote="T-7")


def nights(house: House) -> None:
    """What the hub says of itself, of whoever tried something, and after a restore."""
    now = house.clock.now_us()
    sight = Sight("REFUSED", now, "h9", "10.0.0.7", alerts=True)
    house.do(NoteSights((sight,)), via="timer")
    house.do(ReadLog("broker", "aa", 100, (sight,)), via="timer")
    house.do(ForgetOld(now + 10**9), via="timer")
    day = date(2026, 1, 5).isoformat()
    house.do(NoteNightlyRun("BACKUP", day, True, "fine"), via="timer")
    off = (Finding("balance", "BIN A · PEN", "on hand is 6"),)
    house.do(NoteNightlyRun("VERIFY", day, False, "off", findings=off), via="timer")
    house.do(NoteRoom(2**30, "LOW"), via="timer")
    house.do(NoteRoom(2**28, "FULL"), via="timer")
    house.do(NoteRoom(2**33), via="timer")
    house.do(BecomeAnother("ee" * 16, now), via="setup")
    key = house.do(AddToken(house.person, "a script", "5e" * 32))
    house.do(
        KeepShutOut(
            (ShutOut("h1", "handheld", "REVOKED"), ShutOut("later", "dock", "RETIRED")),
            (Ended("c0ffee", "h1"), Ended("d00f")), (house.person,), (Token(house.person, key),),
        ), via="setup",
    )  # fmt: skip


EVERY: Final = (
    people, goods, files, devices, messages, left_behind, orders, waves, picking, counting,
    packing, nights,
)  # fmt: skip


def item_of(house: House, sku: str) -> bytes:
    found: bytes = house.one("SELECT id FROM item WHERE sku = ?", sku)
    return found


def place_of(house: House, sku: str) -> bytes:
    found: bytes = house.one("SELECT id FROM place WHERE code = ?", BINS[sku])
    return found

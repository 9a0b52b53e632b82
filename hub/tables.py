"""Every table of the hub, in one list: for migrations, verification and tests."""

from __future__ import annotations

from typing import Final

from hub.backup.models import NightlyRun
from hub.bulk import models as bulk
from hub.catalog import models as catalog
from hub.customers import models as customers
from hub.db import Table
from hub.devices import models as devices
from hub.floor_exceptions import FloorException
from hub.inventory import models as inventory
from hub.journal import JournalRow, LedgerHead
from hub.orders import models as orders
from hub.outbox import OutboxMessage
from hub.personal import PersonalInput
from hub.security.models import LogMark
from hub.security_events import SecurityEvent
from hub.shipping import models as shipping
from hub.staff import models as staff
from hub.warehouse import models as warehouse
from hub.warehouse.count_models import BinCount

TABLES: Final[tuple[type[Table], ...]] = (
    LedgerHead, JournalRow, PersonalInput, OutboxMessage, FloorException, NightlyRun,
    catalog.Item, catalog.ItemName, catalog.Barcode,
    staff.Person, staff.PersonRole, staff.Permission, staff.WebSession, staff.Denial,
    staff.ApiToken, staff.RoleRule, staff.SecondFactor, staff.RecoveryCode,
    staff.RightToReview,
    devices.Device, devices.DeviceEpoch, devices.DeviceEvent, devices.ParkedEvent,
    devices.RefusedMessage, devices.DayRoot, devices.EnrolmentCode, devices.DeviceCertificate,
    SecurityEvent, LogMark,
    inventory.Site, inventory.Place, inventory.Balance, inventory.Movement, inventory.Allocation,
    customers.Customer,
    orders.SalesOrder, orders.OrderLine, orders.LineMove, orders.OrderCharge, orders.OrderReturn,
    orders.OrderHold, orders.DocumentNumber,
    shipping.Shipment, shipping.Parcel, shipping.ParcelLine, shipping.ParcelTote,
    warehouse.Wave, warehouse.Assignment, warehouse.AssignmentSlot, warehouse.SlotTote,
    bulk.ImportRun, bulk.ImportSlice, bulk.ImportNote, bulk.ImportedDocument,
    bulk.ListedAdjustment,
    warehouse.WorkLine, warehouse.LineAct, warehouse.WorkRequest, warehouse.WaveStream,
    warehouse.WorkReserve, warehouse.DeviceCart, warehouse.WaveComparison,
    BinCount,
)  # fmt: skip

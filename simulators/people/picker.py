"""Somebody who picks: reads the screen, walks, takes pieces, scans, errs and notices.

Owns what pickers do and how often they err. All they know is what they see: the screen, the shelf's
labels and the pieces before them. The script is the same live and in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from edge.handheld.view import ScreenView
from hub.warehouse.walkways import Place
from protocols.barcodes import badge_label, bin_label, check_digits, tote_label
from simulators.hall import Hall
from simulators.people.actors import Asking, Busy, Look, Machine, Script, Until
from simulators.people.device_in_hand import DeviceInHand, Habits
from simulators.people.screen_reading import LineOnScreen, lines_over, read_line, slot_to_fill

TOTE_PIECES_MAX: Final = 400
ASK_AGAIN_S: Final = 60.0
WAITS_MAX: Final = 10
"""So often somebody asks for the rest of the work before the totes go to a bench without it."""


ENDS_AT: Final = frozenset({"READY", "BADGE"})
"""Screens at which a shift may end."""


class Attempt(NamedTuple):
    """Pieces on their way into a tote (or out again): done once the screen shows the line over."""

    item: bytes
    tote: str
    over_before: int
    is_undo: bool = False


class Picker:
    """One person with a badge, a cart and, mostly, a handheld."""

    def __init__(self, hall: Hall, badge: str, pin: str, chance: Random, habits: Habits) -> None:
        self.badge, self._pin = badge, pin
        self._hall, self._truth, self._chance, self._habits = hall, hall.truth, chance, habits
        self.hand = ("HAND", badge)
        self.spot: Place = hall.floor.start
        self.device = DeviceInHand(hall, habits)
        self.device.on_answer = self._answered
        self._cart: dict[str, list[str]] = {}
        self._taken_from: dict[bytes, str] = {}
        self._attempt: Attempt | None = None
        self._new_tote: str | None = None
        self._last_pieces = self._waited = 0
        self._is_finishing = self._is_on_break = False
        self._to_break = habits.lines_to_break // 2 + chance.randrange(habits.lines_to_break)
        self._acts: dict[str, Callable[[ScreenView], Asking]] = {
            "BADGE": self._show_badge, "PIN": self._type_pin, "READY": self._wait_for_work,
            "PAUSED": self._end_break, "TOTES": self._set_up_cart, "BIN": self._go_to_bin,
            "ITEM": self._take_pieces, "TOTE": self._put_into_tote, "FINISH": self._finish,
            "ASK_SHORT": self._say_yes, "SHORT_REASON": self._give_reason,
            "SHORT_TOTE": self._put_into_tote, "NEW_TOTE": self._join_tote,
        }  # fmt: skip

    def script(self) -> Script:
        """A whole shift: until the hall closes and nothing is in hand."""
        yield Busy(self._chance.uniform(0, 20))
        while not self._may_go():
            if not self.device.is_there:
                yield from self.device.take()
                continue
            view = self.device.view
            if view is None:
                yield Machine(0.2)
                continue
            self._settle_attempt(view)
            yield from self._acts[view.phase](view)
        yield from self._leave()

    def _may_go(self) -> bool:
        if not self._hall.is_over:
            return False
        view = self.device.view
        if not self.device.is_there:
            return True
        ends_at = ENDS_AT | {"TOTES"} if self._hall.leaves_reserve else ENDS_AT
        return view is not None and view.phase in ends_at and not self._cart

    def _leave(self) -> Asking:
        if self.device.view is not None:
            yield from self.device.say("LOGOUT")
        self.device.give_back()

    def doing(self) -> str:
        """What keeps them, in words for whoever waits until everybody has gone."""
        view = self.device.view
        screen = view.phase if view is not None else "no screen"
        return f"{screen}, {len(self._cart)} slots of the cart in use"

    def _answered(self, view: ScreenView, is_taken: bool) -> None:
        self._settle_attempt(view, is_taken=is_taken)

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    # ── logging in, waiting, breaks ──────────────────────────────────────────────────────

    def _show_badge(self, _view: ScreenView) -> Asking:
        if not (yield from self.device.scan(badge_label(self.badge))):
            yield Machine(1.0)  # the device does not know this shift's people yet

    def _type_pin(self, _view: ScreenView) -> Asking:
        pin = "0000" if self._happens(self._habits.wrong_pin) else self._pin
        if not (yield from self.device.type(pin)):
            yield Busy(2)

    def _wait_for_work(self, _view: ScreenView) -> Asking:
        if self._cart and (self._is_finishing or self._waited >= WAITS_MAX):
            yield from self._hand_over()
            return
        yield Until(lambda: self._hall.is_over or not self.device.is_ready, ASK_AGAIN_S)
        self._waited = self._waited + 1 if self.device.is_ready else 0
        if self._waited and not self._hall.is_over:
            yield from self.device.say("NEXT")

    def _take_break(self) -> Asking:
        """Half of the time the device goes back to the rack, and work goes on with another."""
        if not (yield from self.device.say("PAUSE")):
            return
        self._to_break = self._habits.lines_to_break
        self._is_on_break = True
        if self._happens(0.5) and (yield from self.device.say("LOGOUT")):
            self.device.give_back()
        yield Busy(self._habits.break_s)
        self._is_on_break = False

    def _end_break(self, _view: ScreenView) -> Asking:
        if self._happens(0.5):
            yield from self.device.say("RESUME")
        else:
            yield from self.device.scan(badge_label(self.badge))

    # ── the cart ─────────────────────────────────────────────────────────────────────────

    def _set_up_cart(self, view: ScreenView) -> Asking:
        if self._is_finishing:
            yield from self._hand_over()
            return
        slot = slot_to_fill(view)
        if slot is None:
            yield Look(1)
            return
        yield from self._walk_to(self._hall.floor.start)
        tote = self._hall.take_tote()
        if (yield from self.device.scan(tote_label(tote))):
            self._cart.setdefault(slot, []).append(tote)
            return
        yield from self._look_where_it_went(view, slot, tote)

    def _look_where_it_went(self, before: ScreenView, slot: str, tote: str) -> Asking:
        """No tone: a killed device shows afterwards whether it had taken the tote."""
        yield from self.device.wait_for_screen()
        view = self.device.view
        if view is not None and (view.phase != before.phase or slot_to_fill(view) != slot):
            self._cart.setdefault(slot, []).append(tote)
        else:
            self._hall.stack_tote(tote)

    def _hand_over(self) -> Asking:
        """Bring the totes to a bench; the cart is empty then."""
        yield from self._walk_to(self._hall.floor.bench)
        yield Busy(2.0 * len(self._cart))
        totes = [tote for of_slot in self._cart.values() for tote in of_slot]
        self._cart = {}
        self._is_finishing = False
        bench = self._hall.shortest_bench()
        bench.put(tote for tote in totes if self._truth.of(("TOTE", tote)))
        for tote in totes:
            if not self._truth.of(("TOTE", tote)):
                self._hall.stack_tote(tote)

    def _finish(self, _view: ScreenView) -> Asking:
        self._is_finishing = True
        if (yield from self.device.say("DONE")):
            yield from self._hand_over()

    # ── a line ───────────────────────────────────────────────────────────────────────────

    def _go_to_bin(self, view: ScreenView) -> Asking:
        line = read_line(view)
        if line is None:
            yield Look(1)
            return
        yield from self._empty_hand()
        if self._to_break <= 0:
            yield from self._take_break()
            return
        if (yield from self._something_else()):
            return
        yield from self._walk_to(self._hall.floor.bin(line.bin))
        if self._happens(self._habits.wrong_scan):
            yield from self.device.scan(bin_label(self._other_bin(line.bin)))
        if self._happens(self._habits.types_digits):
            yield from self.device.type(check_digits(line.bin))
        else:
            yield from self.device.scan(bin_label(line.bin))

    def _something_else(self) -> Asking:
        if self._happens(self._habits.call):
            yield from self.device.say("HELP")
        if self._happens(self._habits.skip):
            return (yield from self.device.say("SKIP"))
        return False

    def _other_bin(self, code: str) -> str:
        """The label of the level above or below, or of any other bin."""
        level = int(code[-1])
        return code[:-1] + str(level + 1 if level < self._hall.floor.levels else level - 1)

    def _take_pieces(self, view: ScreenView) -> Asking:
        line = read_line(view)
        if line is None:
            yield Look(1)
            return
        yield from self._walk_to(self._hall.floor.bin(line.bin))
        article = self._hall.article(line.bin, line.name)
        yield from self._reach(line, article.item)
        held = self._truth.count(self.hand, article.item)
        if line.counted != held:
            yield from self._count(line, held)
        elif held < line.asked:
            yield from self.device.say("SHORT")
        else:
            yield Look(1)

    def _reach(self, line: LineOnScreen, item: bytes) -> Asking:
        """Have as many pieces in hand as the line asks for, if the bin has them."""
        wanted = line.asked - self._truth.count(self.hand, item)
        if wanted == 0:
            return
        yield Busy(self._habits.reach_s + self._habits.piece_s * min(abs(wanted), 40))
        bin = ("BIN", line.bin)
        if wanted < 0:
            self._truth.move(self.hand, bin, item, -wanted)
            return
        self._truth.move(bin, self.hand, item, min(wanted, self._truth.count(bin, item)))
        self._taken_from[item] = line.bin

    def _count(self, line: LineOnScreen, held: int) -> Asking:
        """One more scan, or the figure: whatever brings the screen's count to what is in hand."""
        article = self._hall.article(line.bin, line.name)
        missing = held - line.counted
        if line.counted and (missing < 0 or missing > 2):
            yield from self.device.type(str(held))
            return
        if line.counted == 0 and self._happens(self._habits.wrong_scan):
            yield from self.device.scan(self._other_article(article.item))
        code = article.code_for(max(missing, 1))[0]
        yield from self.device.scan(code)
        if self._happens(self._habits.double_scan):
            yield from self.device.scan(code)

    def _other_article(self, item: bytes) -> str:
        others = self._hall.articles
        keys = list(others)
        other = others[keys[self._chance.randrange(len(keys))]]
        return other.codes[0][0] if other.item != item else "%%"

    # ── into the tote ────────────────────────────────────────────────────────────────────

    def _put_into_tote(self, view: ScreenView) -> Asking:
        line = read_line(view)
        if line is None:
            yield Look(1)
            return
        article = self._hall.article(line.bin, line.name)
        held = self._truth.count(self.hand, article.item)
        if held != line.counted and view.phase == "TOTE":
            yield from self.device.type(str(held))
            return
        tote = self._tote_for(line, held)
        if tote == line.tote and self._happens(self._habits.wrong_scan):
            yield from self.device.scan(tote_label(self._other_tote(line.slot)))
        self._attempt = Attempt(article.item, tote, lines_over(view))
        if (yield from self.device.scan(tote_label(tote))) and self._is_settled:
            self._to_break -= 1
            if self._happens(self._habits.undo):
                yield from self._take_out_again(article.item, tote)

    def _tote_for(self, line: LineOnScreen, pieces: int) -> str:
        """The tote on the screen, or a new one when that is full or no longer on the cart."""
        is_here = line.tote in self._cart.get(line.slot, ())
        full = sum(self._truth.of(("TOTE", line.tote)).values())
        if not is_here or (full and full + pieces > TOTE_PIECES_MAX):
            self._new_tote = self._new_tote or self._hall.take_tote()
            return self._new_tote
        return line.tote

    def _other_tote(self, slot: str) -> str:
        others = [totes[-1] for name, totes in self._cart.items() if name != slot]
        return self._chance.choice(others) if others else "T-9999"

    def _join_tote(self, view: ScreenView) -> Asking:
        line = read_line(view)
        if line is None or self._new_tote is None:
            self._attempt = None
            yield from self.device.say("NO")
            return
        article = self._hall.article(line.bin, line.name)
        tote = self._new_tote
        self._attempt = Attempt(article.item, tote, lines_over(view))
        yield from self.device.say("YES")
        if self._is_settled:
            self._cart.setdefault(line.slot, []).append(tote)
            self._new_tote = None

    def _take_out_again(self, item: bytes, tote: str) -> Asking:
        """It was a mistake, or only felt like one: the last act is taken back."""
        view = self.device.view
        if view is None or view.phase == "READY":
            return
        self._attempt = Attempt(item, tote, lines_over(view), is_undo=True)
        yield from self.device.say("UNDO")

    @property
    def _is_settled(self) -> bool:
        return self._attempt is None

    def _settle_attempt(self, view: ScreenView, *, is_taken: bool = False) -> None:
        """Pieces go where the tone said that they went; where none was heard, as the screen shows
        that they did.
        """
        attempt = self._attempt
        if attempt is None or view.phase == "NEW_TOTE":
            return
        over = lines_over(view)
        tote = ("TOTE", attempt.tote)
        if attempt.is_undo:
            if over < attempt.over_before:
                self._truth.move(tote, self.hand, attempt.item, self._last_pieces)
        elif is_taken or over > attempt.over_before:
            self._last_pieces = self._truth.count(self.hand, attempt.item)
            self._truth.move(self.hand, tote, attempt.item, self._last_pieces)
        self._attempt = None

    # ── short ────────────────────────────────────────────────────────────────────────────

    def _say_yes(self, _view: ScreenView) -> Asking:
        yield from self.device.say("YES")

    def _give_reason(self, _view: ScreenView) -> Asking:
        yield from self.device.type("1")

    # ── legs and hands ───────────────────────────────────────────────────────────────────

    def _walk_to(self, there: Place) -> Asking:
        way_cm = self._hall.walk(self.spot, there)
        self.spot = there
        if way_cm:
            yield Busy(way_cm / self._habits.walk_cm_s)

    def _empty_hand(self) -> Asking:
        """Pieces of a line that is no longer asked go back to where they came from."""
        for item, count in self._truth.of(self.hand).items():
            code = self._taken_from[item]
            yield from self._walk_to(self._hall.floor.bin(code))
            yield Busy(self._habits.reach_s)
            self._truth.move(self.hand, ("BIN", code), item, count)

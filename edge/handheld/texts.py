"""Every sentence that a handheld shows, in English, by code. Owns the words and nothing else.

Refusals and notices travel as code + values; the sentence is chosen last. Other languages come as
gettext catalogues whose message ids are the English sentences below. Sentences are short: 40
characters are a line, and people read them at arm's length.
"""

from __future__ import annotations

from collections.abc import Mapping
from gettext import NullTranslations
from typing import Final

TEXTS: Final[dict[str, str]] = {
    # what is asked
    "PROMPT_BADGE": "scan your badge to begin",
    "PROMPT_PIN": "type your PIN, then Enter … or NO",
    "PROMPT_READY": "the hub is being asked … LOGOUT",
    "PROMPT_READY_NONE": "NEXT asks again … or LOGOUT",
    "PROMPT_READY_AWAY": "no work is left here … LOGOUT",
    "PROMPT_READY_REFUSED": "no work is left here … LOGOUT",
    "PROMPT_PAUSED": "scan your badge, or RESUME, LOGOUT",
    "PROMPT_TOTES": "scan an empty tote for slot {slot}",
    "PROMPT_BIN": "scan the bin, or type its check digits",
    "PROMPT_ITEM": "scan item … or SHORT, SKIP, UNDO",
    "PROMPT_ITEM_COUNTING": "scan on, type the count, SHORT, UNDO",
    "PROMPT_TOTE": "scan the tote in slot {slot} … or UNDO",
    "PROMPT_FINISH": "scan DONE … or UNDO",
    "PROMPT_ASK_SHORT": "YES or NO",
    "PROMPT_SHORT_REASON": "type a number, then Enter … or NO",
    "PROMPT_SHORT_TOTE": "scan the tote in slot {slot} … or NO",
    "PROMPT_NEW_TOTE": "YES or NO",
    "PROMPT_NOTICE": "go on: the next scan counts",
    "PROMPT_ENROL": "scan the code … or type it, then Enter",
    "PROMPT_ENROL_SURE": "YES or NO",
    "PROMPT_ENROL_WAIT": "one moment",
    "PROMPT_ENROL_AGAIN": "YES to try again … or NO",
    # headings and words of the screen
    "TITLE_ENROL": "Scan the code shown by the hub",
    "TITLE_ENROL_SURE": "This device is {owner}. Is it to become {wanted}?",
    "TITLE_ENROL_ANEW": "Enrol {wanted} anew?",
    "TITLE_ENROL_WAIT": "Asking the hub about {wanted} …",
    "TITLE_ENROL_AGAIN": "{wanted}: scan the code again",
    "TITLE_BADGE": "Scan your badge",
    "TITLE_PIN": "Type your PIN",
    "TITLE_READY": "Waiting for work",
    "TITLE_READY_NONE": "The hub has no work at the moment",
    "TITLE_READY_AWAY": "No contact with the hub",
    "TITLE_READY_REFUSED": "This device is not admitted",
    "TITLE_PAUSED": "Break. Your badge brings the work back.",
    "TITLE_TOTES": "Set up the cart",
    "TITLE_FINISH": "All lines are done. Take the totes to packing, then scan DONE.",
    "TITLE_ASK_SHORT": "Only {counted} of {asked}: is the rest missing?",
    "TITLE_SHORT_REASON": "{counted} of {asked}. Why?",
    "TITLE_SHORT_TOTE": "Short: {counted} of {asked} go into the tote.",
    "TITLE_NEW_TOTE": "Tote {tote} is new. Does it join slot {slot}?",
    "PROGRESS": "{wave} · stop {stop} of {stops} · {metres} m",
    "PROGRESS_AND_MORE": "{wave} · stop {stop} of {stops} · {metres} m · +{more}",
    "WORD_BIN": "BIN",
    "WORD_TAKE": "TAKE",
    "WORD_INTO": "INTO",
    "INTO": "slot {slot}  (tote {tote})",
    "INTO_SLOT": "slot {slot}",
    "SHORT_EMPTY": "1 bin is empty",
    "SHORT_DAMAGED": "2 goods are damaged",
    "SHORT_WRONG_ITEM": "3 other goods are in the bin",
    "SHORT_CANNOT_REACH": "4 cannot reach them",
    "RADIO": "radio",
    "BATTERY": "bat {percent}%",
    # refusals
    "WRONG_BIN": "That is bin {scanned}. Go to bin {expected}.",
    "WRONG_CHECK_DIGITS": "{scanned} is not on the label of bin {expected}. Stand before that bin "
    "and read again.",
    "WRONG_ITEM": "That is {scanned}. Put it back. Wanted: {expected}.",
    "WRONG_TOTE": "That is tote {scanned} of slot {scanned_slot}. "
    "Put into tote {expected}, slot {slot}.",
    "TOTE_IS_FULL": "Tote {scanned} was full. Put into tote {expected}, slot {slot}.",
    "TOTE_IN_OTHER_SLOT": "Tote {scanned} already stands in slot {scanned_slot}. Take another.",
    "TOTE_IN_USE": "Tote {scanned} is in use for other work. Take another.",
    "TOO_MANY": "That would be {counted}, and only {asked} are asked. Put it back.",
    "TOO_MANY_TYPED": "{typed} is more than the {asked} asked. Type the count again.",
    "NOT_ENOUGH_YET": "{counted} of {asked} so far. Scan on, or SHORT; then tote {scanned}.",
    "SCAN_ITEM_FIRST": "{scanned} of what? Scan one {expected} first.",
    "COUNT_UNCHANGED": "The count is {counted} already.",
    "BIN_ALREADY_RIGHT": "Bin {bin} is right. Go on.",
    "NOTHING_IS_SHORT": "Nothing is short. Type the lower count first.",
    "UNITS_IN_HAND": "You hold {counted}. Put them back and type 0, then SKIP; or SHORT.",
    "NOTHING_ELSE_TO_DO": "This is the last line: nothing to do before it. SHORT or HELP.",
    "NOT_DONE_YET": "{lines} lines are not done yet.",
    "NOTHING_WAS_ASKED": "Nothing was asked.",
    "NOTHING_TO_UNDO": "There is nothing to take back.",
    "NO_SUCH_CHOICE": "{scanned} is none of 1 to {last}.",
    "NOTHING_TO_PAUSE": "No work has been begun.",
    "ALREADY_PAUSED": "It is paused already.",
    "NOTHING_TO_RESUME": "Nothing is paused.",
    "WORK_IN_HAND": "There is work in hand. PAUSE or finish it first.",
    "UNKNOWN_BADGE": "Badge {scanned} is not on this shift's list. Call the supervisor.",
    "NOBODYS_BADGE": "That is no badge on this shift's list. Scan your badge first.",
    "NOBODY_LOGGED_IN": "Nobody is logged in here.",
    "OTHER_PERSONS_DEVICE": "{expected} works with this device. {scanned} may after LOGOUT.",
    "WRONG_PIN": "Wrong PIN. Tries left: {left}.",
    "PIN_LOCKED": "Too many wrong PINs. Wait {seconds} s.",
    "UNREADABLE": "{sentence}",
    "NOT_NOW_BADGE": "{scanned}: scan your badge first.",
    "NOT_NOW_PIN": "{scanned}: type the PIN first; NO goes back.",
    "NOT_NOW_READY": "{scanned}: there is no work for it here.",
    "NOT_NOW_PAUSED": "{scanned}: you are on a break. Scan your badge or RESUME.",
    "NOT_NOW_TOTES": "{scanned}: first scan an empty tote for slot {slot}.",
    "NOT_NOW_BIN": "{scanned}: first scan bin {bin}.",
    "NOT_NOW_ITEM": "{scanned}: now scan {item}.",
    "NOT_NOW_TOTE": "{scanned}: the count is full. Scan the tote.",
    "NOT_NOW_FINISH": "{scanned}: all lines are done. Scan DONE.",
    "NOT_NOW_ASK_SHORT": "{scanned}: first say YES or NO.",
    "NOT_NOW_SHORT_REASON": "{scanned}: first type a number, or NO.",
    "NOT_NOW_SHORT_TOTE": "{scanned}: scan the tote, or NO.",
    "NOT_NOW_NEW_TOTE": "{scanned}: first say YES or NO.",
    "LOG_OUT_TO_ENROL": "An enrolment code: log out first, then scan it again.",
    "ENROLLED_BY_PASSWORD": "An enrolment code: this device has a password in its configuration. "
    "Take [broker] out of it first.",
    "NOT_ENROLLED": "{sentence}",
    "NOT_NOW_ENROL": "This device belongs to nobody yet: scan the code shown by the hub.",
    "NOT_NOW_ENROL_SURE": "First say YES or NO.",
    "NOT_NOW_ENROL_WAIT": "The hub is being asked. One moment.",
    "NOT_NOW_ENROL_AGAIN": "Scan the code shown by the hub again, or say YES or NO.",
    # news
    "BACK_TO_THE_LINE": "Back to the line.",
    "HELP_IS_COMING": "The supervisor has been called.",
    "UNDONE": "Taken back.",
    "UNDONE_BIN": "Taken back: bin {bin} is not scanned.",
    "UNDONE_COUNT": "Taken back: the count is {counted} again.",
    "UNDONE_PICK": "Taken back: take the {picked} out of the tote again.",
    "UNDONE_SHORT": "Taken back: nothing was short.",
    "UNDONE_SKIP": "Taken back: bin {bin} is next again.",
    "UNDONE_TOTE": "Taken back: slot {slot} is empty again.",
    "WORK_REOPENED": "The finished work is open again.",
    "WORK_COMPLETED": "Well done: this work is complete.",
    "NOT_ON_SHIFT": "{name} is not on this shift's list any more. Give the device back.",
    "WORK_CHANGED": "The hub changed lines that you have not begun.",
    "WORK_GREW": "New lines in your work: {lines}.",
    "WORK_TAKEN_BACK": "The hub took this work back.",
    "FINISH_THIS_LINE": "Finish this line; then the hub takes the work back. {reason}",
    "LOGGED_IN_ELSEWHERE": "You went on with another device.",
    "HUB_SAYS": "{text}",
    "YOU_ARE_LOGGED_IN": "You are logged in.",
    "REPEATED": "As shown.",
    "SCANNER_IS_RIGHT": "The scanner is set up right.",
    # the device itself
    "BACKLOG_WAITS": "{depth} to send, as soon as the hub is back.",
    "BACKLOG_DRAINS": "{depth} to send: the hub hears now what was done. It may change your work.",
    "BACKLOG_GONE": "The hub has heard everything.",
    "OUTBOX_FULL": "{depth} events wait for the hub: nothing more can be recorded. Go into radio.",
    "OUTBOX_NEARLY_FULL": "{depth} events wait for the hub. Go into radio soon.",
    "OUTBOX_UNUSABLE": "The device cannot store anything. Take another one.",
    "EVENTS_PARKED": "The supervisor must look at: {codes}.",
    "MESSAGE_REFUSED": "The hub sent something that this version cannot read ({reason}).",
    "LINK_REFUSED": "The broker refuses this device: {reason}. Call the supervisor.",
    "NOT_ADMITTED": "Device no longer admitted: ask a supervisor. Scans are kept.",
    "CERTIFICATE_OUTDATED": "Refused as out of date: is the hub's clock right? Scans are kept.",
    "OUTDATED_AND_KEPT": (
        "Refused as out of date: set the hub's clock right, or scan a new code of this device's "
        "page. {depth} to send are kept."
    ),
    "REFUSED_AND_KEPT": "This device is not admitted: ask a supervisor. {depth} to send are kept.",
    "UNTRUSTED_HUB_MET": "A stranger at {address} claims to be the hub. The supervisor is told.",
    "SCANNER_LOST": "The scanner is gone: {reason} Type codes meanwhile.",
    "SCANNER_FOUND": "The scanner is back.",
}


class Texts:
    """Sentences in one language."""

    def __init__(self, translations: NullTranslations | None = None) -> None:
        self._translations = translations or NullTranslations()

    def say(self, code: str, values: Mapping[str, object] | None = None) -> str:
        """The sentence for a code; an unknown code is shown itself, so that it can be reported."""
        sentence = self._translations.gettext(TEXTS[code]) if code in TEXTS else code
        return sentence.format_map(_Values(values or {}))


class _Values(dict[str, object]):
    """A missing value shows its name: a half sentence is better than none on the floor."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"

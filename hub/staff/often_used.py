"""Whether a password is among those that are tried first. Owns how many guesses are too few.

The lists (30,000 passwords from breaches, by how often they were used; words and names) and the
estimate come from zxcvbn and work without internet. It knows a listed one behind capitals, digits,
doublings and swapped signs too, and rows of keys. Its lists take 14 MB: they are loaded when a
password is set, and not before.
"""

from __future__ import annotations

from typing import Final

GUESSES_MIN: Final = 10**8
"""Below this whoever stole the hashes is through soon (zxcvbn's "safely unguessable")."""
SIGNS_LOOKED_AT: Final = 72
"""As many as zxcvbn takes; more of them only help."""
OUR_WORDS: Final = ("binlight", "warehouse", "supervisor", "picker", "admin", "scanner", "shop")


def is_soon_guessed(password: str, *names: str) -> bool:
    """Whether a list of usual passwords, or of the person's own names, leads to it. About 5 ms."""
    from zxcvbn import zxcvbn

    known = [word for name in names for word in (name, *name.split()) if word]
    judged = zxcvbn(password[:SIGNS_LOOKED_AT], user_inputs=[*known, *OUR_WORDS])
    return bool(judged["guesses"] < GUESSES_MIN)

"""Values of the API as a person reads them: coins, ages, and no character that steers a terminal."""

from datetime import UTC, datetime, timedelta

from domain.money import show_units

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOTHING = "-"
HASH_HEAD, HASH_TAIL = 10, 6


def clean(value: object) -> str:
    """A text from outside on one line, without anything that would steer the terminal."""
    text = " ".join(str(value).split())
    return "".join(character if character.isprintable() else "�" for character in text)


def coins(units: object, decimals: object, asset: object = "") -> str:
    """Units as coins: `"1500000"`, 6 and `"USDT"` are `1.5 USDT`; without decimals they stay units."""
    if decimals is None:
        return f"{int(str(units))} units of {clean(asset)}"
    return f"{show_units(int(str(units)), int(str(decimals)))} {clean(asset)}".rstrip()


def moment(text: str) -> datetime:
    """A moment of the API (RFC 3339) in UTC; raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)


def at(text: str | None) -> str:
    """A moment to the second, or a dash."""
    return f"{moment(text):%Y-%m-%d %H:%M:%S}" if text else NOTHING


def clock(text: str | None) -> str:
    """The time of day of something that is due within hours, or a dash."""
    return f"{moment(text):%H:%M}" if text else NOTHING


def ago(text: str | None, now: datetime) -> str:
    """How long something lasts by now, in its two largest parts: `3 d 4 h`, `2 h 14 min`, `40 s`."""
    if not text:
        return NOTHING
    age = max(now - moment(text), timedelta())
    if age >= DAY:
        return f"{age.days} d {(age - age.days * DAY) // HOUR} h"
    if age >= HOUR:
        return f"{age // HOUR} h {age % HOUR // MINUTE} min"
    if age >= MINUTE:
        return f"{age // MINUTE} min"
    return f"{age.seconds} s"


def short(txid: object) -> str:
    """A hash with its middle left out."""
    text = clean(txid)
    return text if len(text) <= HASH_HEAD + HASH_TAIL + 1 else f"{text[:HASH_HEAD]}…{text[-HASH_TAIL:]}"

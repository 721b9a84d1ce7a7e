"""Members of JSON answers, read strictly: a missing, null or odd value raises, none becomes zero or empty.

`ValueError` says what is wrong; the client turns it into NodeUnavailable with the node's name.
"""

from collections.abc import Mapping


def member(answer: object, name: str) -> object:
    """A member that must be there and not null."""
    if not isinstance(answer, Mapping):
        raise ValueError(f"an object with {name} was expected")  # noqa: TRY004 - one error for all bad answers
    value = answer.get(name)
    if value is None:
        raise ValueError(f"{name} is missing")
    return value


def has(answer: object, name: str) -> bool:
    """Whether an optional member is there and not null."""
    return isinstance(answer, Mapping) and answer.get(name) is not None


def members(answer: object, name: str) -> list[object]:
    """A list that must be there."""
    return items(member(answer, name))


def items(answer: object) -> list[object]:
    """The entries of a list."""
    if not isinstance(answer, list):
        raise ValueError("a list was expected")  # noqa: TRY004 - one error for all bad answers
    return answer

"""One question of a client to a node, and the reading of its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devstack.tron.rendering import Unreadable, address_of
from devstack.tron.views import View

TRUE = ("true", "1")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and through which eyes: at the head or at the solid block, of a node that may lag."""

    view: View
    params: Mapping[str, object]

    @property
    def visible(self) -> bool:
        return self.flag("visible")

    def flag(self, name: str) -> bool:
        value = self.params.get(name)
        return value is True or str(value).lower() in TRUE

    def number(self, name: str, default: int | None = None) -> int:
        """Read a whole number. Raises Unreadable when it is none, or missing without a default."""
        value = self.params.get(name)
        if value is None and default is not None:
            return default
        try:
            return int(str(value))
        except ValueError:
            raise Unreadable(f'For input string: "{value}"') from None

    def text(self, name: str) -> str:
        """Read a text, empty when missing."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def data(self, name: str) -> bytes:
        """Read bytes in hex. Raises Unreadable."""
        try:
            return bytes.fromhex(self.text(name).removeprefix("0x"))
        except ValueError:
            raise Unreadable(f"INVALID hex String: {name}") from None

    def address(self, name: str) -> bytes:
        """Read an address of 21 bytes, in base58 when visible. Raises Unreadable."""
        return address_of(self.params.get(name), visible=self.visible)


Answer = Callable[[Question], object]

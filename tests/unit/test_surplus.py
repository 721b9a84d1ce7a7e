"""What is above a ceiling goes where coins lack, else to cold, and never while somebody waits."""

from dataclasses import dataclass, replace

import pytest

from domain.levels import HotFloat, Liquidity, WaitingSend
from domain.liquidity import PayingWallet
from domain.sends import SendKind
from domain.surplus import wanted_moves
from tests.unit.test_levels import AT, TOKEN, A, B, holds, liquidity

COLD = b"c" * 20
C = b"d" * 20
REFILL, TO_COLD = SendKind.REFILL, SendKind.TO_COLD


@dataclass(frozen=True, slots=True)
class Row:
    """Floats between 100 and 300 that should hold 200, and what is moved."""

    name: str
    seen: Liquidity
    moves: tuple[tuple[SendKind, bytes, bytes, int], ...] = ()
    cold: bytes | None = COLD
    fee_room: int = 0


ROWS = [
    Row("at the ceiling", liquidity((holds(A, 300),))),
    Row("above it", liquidity((holds(A, 301),)), ((TO_COLD, A, COLD, 101),)),
    Row("no cold wallet", liquidity((holds(A, 301),)), cold=None),
    Row("promised down to the target", liquidity((holds(A, 350, 150),))),
    Row("promised above the target", liquidity((holds(A, 350, 149),)), ((TO_COLD, A, COLD, 1),)),
    Row("room for the fee", liquidity((holds(A, 301),)), ((TO_COLD, A, COLD, 51),), fee_room=250),
    Row("no room for the fee", liquidity((holds(A, 301),)), fee_room=301),
    Row("another one lacks", liquidity((holds(A, 301), holds(B, 99))), ((REFILL, A, B, 101),)),
    Row("another one lacks more", liquidity((holds(A, 301), holds(B, 50))), ((REFILL, A, B, 101),)),
    Row("another one lacks less", liquidity((holds(A, 500), holds(B, 99))), ((REFILL, A, B, 101),)),
    Row("two lack", liquidity((holds(A, 900), holds(B, 99), holds(C, 0))), ((REFILL, A, C, 200),)),
    Row(
        "two have, one lacks",
        liquidity((holds(A, 301), holds(B, 400), holds(C, 50))),
        ((REFILL, B, C, 150), (TO_COLD, A, COLD, 101)),
    ),
    Row(
        "what lacks is on its way",
        liquidity((holds(A, 301), holds(B, 99)), arriving={B: 101}),
        ((TO_COLD, A, COLD, 101),),
    ),
    Row("somebody waits", liquidity((holds(A, 301),), waiting=(900,))),
    Row(
        "somebody waits, another one lacks",
        liquidity((holds(A, 301), holds(B, 99)), waiting=(900,)),
        ((REFILL, A, B, 101),),
    ),
    Row("not open", liquidity((holds(A, 301),), is_open=False)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_moved(row: Row) -> None:
    """One move per wallet, from the fullest on; a refill before cold."""
    found = wanted_moves(row.seen, TOKEN, cold=row.cold, fee_room=row.fee_room)
    assert tuple((one.kind, one.source, one.payee, one.units) for one in found) == row.moves


def test_who_waits_for_another_asset_keeps_coins_too() -> None:
    """Nothing goes to cold while anybody waits on the network."""
    seen = liquidity((holds(A, 301),), waiting=(900,))
    (one,) = seen.waiting
    other = WaitingSend(replace(one.send, asset_id=1, needs={1: 5}), one.kind, 5, AT)
    assert wanted_moves(replace(seen, waiting=(other,)), TOKEN, cold=COLD) == []


def test_another_asset_is_left_alone() -> None:
    """A float of another asset above its ceiling moves nothing of this one."""
    seen = Liquidity(
        is_open=True,
        wallets=(PayingWallet(A, {1: 900, TOKEN: 200}),),
        floats=(HotFloat(A, 1, 900, 0, 1, 2, 3), holds(A, 200)),
        waiting=(),
        arriving={},
        names={},
    )
    assert wanted_moves(seen, TOKEN, cold=COLD) == []

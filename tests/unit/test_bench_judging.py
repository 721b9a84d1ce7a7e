"""The judge of the withdrawals bench convicts: each wrong that a run could do changes its own count."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest

from bench.judging import COIN, Payment, Verdict, judge
from bench.offering import Wish
from devstack.auditing import Audit
from devstack.callers import PlayerClient
from domain.assets import Asset, AssetKind, NetworkId

NETWORK = NetworkId("eip155:31337")
ETH = Asset(1, "ETH", NETWORK, AssetKind.NATIVE, 18)
TUSD = Asset(2, "TUSD", NETWORK, AssetKind.TOKEN, 6, bytes([0xCC]) * 20)
HOT = bytes([0xAB]) * 20
CLEAN = {
    "accepted": 2,
    "paid_exactly_once": 2,
    "double_payments": 0,
    "unpaid": 0,
    "wrong_payments": 0,
    "unasked_payments": 0,
    "api_disagrees": 0,
    "not_settled": 0,
    "rules_broken": (),
}


class Run:
    """Two withdrawals that went well, for a test to spoil."""

    def __init__(self) -> None:
        player = PlayerClient("http://127.0.0.1", "token", "p-1-1")
        self.wishes = [
            Wish(
                f"k{number}",
                player,
                asset,
                f"0x{number:040x}",
                f"0x{number:040x}",
                7,
                withdrawal_id=f"w{number}",
                state="settled",
            )
            for number, asset in enumerate((ETH, TUSD), start=1)
        ]
        self.payments = [
            Payment("0x" + HOT.hex(), wish.payee, _contract(wish.asset), wish.amount, f"tx-{wish.key}")
            for wish in self.wishes
        ]
        self.shown: dict[str, Mapping[str, Any]] = {
            wish.withdrawal_id: {"status": "paid", "amount": "7", "txid": f"tx-{wish.key}"}
            for wish in self.wishes
        }
        self.invariants = {"slots_sum_to_zero": True}

    def verdict(self) -> Verdict:
        return judge(self.wishes, self.payments, self.shown, Audit(self.invariants, ()), [HOT])

    def pay_again(self) -> None:
        self.payments.append(replace(self.payments[0], txid="tx-again"))

    def pay_nobody(self) -> None:
        del self.payments[0]

    def pay_too_much(self) -> None:
        self.payments[0] = replace(self.payments[0], units=8)

    def pay_in_another_coin(self) -> None:
        self.payments[1] = replace(self.payments[1], contract=COIN)

    def pay_a_stranger(self) -> None:
        self.payments.append(replace(self.payments[0], payee="0x" + "99" * 20))

    def show_it_unpaid(self) -> None:
        self.shown["w1"] = {**self.shown["w1"], "status": "processing"}

    def show_another_transaction(self) -> None:
        self.shown["w2"] = {**self.shown["w2"], "txid": "tx-other"}

    def show_one_nobody_asked_for(self) -> None:
        self.shown["w3"] = self.shown["w1"]

    def leave_it_open(self) -> None:
        self.wishes[0].state = ""

    def break_a_rule(self) -> None:
        self.invariants["slots_sum_to_zero"] = False


def _contract(asset: Asset) -> str:
    return "0x" + asset.contract.hex() if asset.contract else COIN


def test_a_good_run_is_clean() -> None:
    """Everything was paid once, shown so, settled, and no rule is broken."""
    verdict = Run().verdict()
    assert asdict(verdict) == CLEAN
    assert verdict.is_clean


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (Run.pay_again, {"double_payments": 1, "paid_exactly_once": 1}),
        (Run.pay_nobody, {"unpaid": 1, "paid_exactly_once": 1, "api_disagrees": 1}),
        (Run.pay_too_much, {"wrong_payments": 1, "paid_exactly_once": 1}),
        (Run.pay_in_another_coin, {"wrong_payments": 1, "paid_exactly_once": 1}),
        (Run.pay_a_stranger, {"unasked_payments": 1}),
        (Run.show_it_unpaid, {"api_disagrees": 1}),
        (Run.show_another_transaction, {"api_disagrees": 1}),
        (Run.show_one_nobody_asked_for, {"api_disagrees": 1}),
        (Run.leave_it_open, {"not_settled": 1}),
        (Run.break_a_rule, {"rules_broken": ("slots_sum_to_zero",)}),
    ],
)
def test_each_wrong_is_found(spoil: Callable[[Run], None], found: dict[str, object]) -> None:
    """One spoiled fact changes its own counts and no other, and the run is not clean."""
    run = Run()
    spoil(run)
    verdict = run.verdict()
    assert asdict(verdict) == {**CLEAN, **found}
    assert not verdict.is_clean

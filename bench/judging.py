"""The judge of a run of withdrawals: what the chain paid to whom, read afresh and by a plain node client.

It joins three witnesses that never spoke to each other: the blocks, the API's answers, the ledger's rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.offering import Wish
from devstack.auditing import Audit
from devstack.callers import PlayerClient
from devstack.house_files import hex_text

TRANSFER_TOPIC = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""keccak256 of `Transfer(address,address,uint256)`, the event of ERC-20 and TRC-20."""
PAGE = "200"
COIN = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """Coins that a block moved, addresses as `0x` and 20 bytes; `contract` is empty for the native coin."""

    sender: str
    payee: str
    contract: str
    units: int
    txid: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts over payees and withdrawals; all but the first two have to be zero."""

    accepted: int
    paid_exactly_once: int
    double_payments: int
    unpaid: int
    wrong_payments: int
    unasked_payments: int
    api_disagrees: int
    not_settled: int
    rules_broken: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        wrong = (self.double_payments, self.unpaid, self.wrong_payments, self.unasked_payments)
        return not any((*wrong, self.api_disagrees, self.not_settled, self.rules_broken))


def shown_by_api(players: Iterable[PlayerClient]) -> dict[str, dict[str, Any]]:
    """Every withdrawal that the players see, by its id."""
    shown: dict[str, dict[str, Any]] = {}
    for player in players:
        cursor: dict[str, str] = {}
        while True:
            page = player.get("/v1/withdrawals", limit=PAGE, **cursor)
            shown |= {item["withdrawal_id"]: item for item in page["items"]}
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
    return shown


def judge(
    wishes: Sequence[Wish],
    payments: Iterable[Payment],
    shown: Mapping[str, Mapping[str, Any]],
    audited: Audit,
    wallets: Iterable[bytes],
) -> Verdict:
    """What became of every accepted withdrawal, and whether a hot wallet paid anybody else."""
    accepted = [wish for wish in wishes if wish.withdrawal_id]
    paid: dict[str, list[Payment]] = defaultdict(list)
    for payment in payments:
        paid[payment.payee].append(payment)
    right = {wish.withdrawal_id for wish in accepted if _is_paid_right(wish, paid[wish.payee])}
    payees = {wish.payee for wish in wishes}
    ours = {hex_text(wallet) for wallet in wallets}
    return Verdict(
        accepted=len(accepted),
        paid_exactly_once=len(right),
        double_payments=sum(len(paid[wish.payee]) > 1 for wish in wishes),
        unpaid=sum(not paid[wish.payee] for wish in accepted),
        wrong_payments=sum(len(paid[wish.payee]) == 1 and wish.withdrawal_id not in right for wish in wishes),
        unasked_payments=sum(
            payment.sender in ours and payment.payee not in payees
            for arrived in paid.values()
            for payment in arrived
        ),
        api_disagrees=sum(not _is_shown_right(wish, paid[wish.payee], shown) for wish in accepted)
        + len(shown.keys() - {wish.withdrawal_id for wish in accepted}),
        not_settled=sum(wish.state != "settled" for wish in wishes),
        rules_broken=tuple(name for name, holds in audited.invariants.items() if not holds),
    )


def _is_paid_right(wish: Wish, arrived: Sequence[Payment]) -> bool:
    contract = hex_text(wish.asset.contract) if wish.asset.contract else COIN
    return [(payment.contract, payment.units) for payment in arrived] == [(contract, wish.amount)]


def _is_shown_right(wish: Wish, arrived: Sequence[Payment], shown: Mapping[str, Mapping[str, Any]]) -> bool:
    answer = shown.get(wish.withdrawal_id)
    if answer is None or answer["status"] != "paid":
        return False
    return answer["amount"] == str(wish.amount) and answer["txid"] in {one.txid for one in arrived}

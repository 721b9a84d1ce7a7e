"""What is frozen stands until people have looked; nothing lifts it by itself."""

from domain.errors import Unavailable

FROZEN = "frozen"
"""The mode of a network and the state of a wallet."""


class WalletFrozen(Unavailable, code="WALLET_FROZEN"):
    """A wallet of ours whose key may be in other hands: nothing is planned or sent from it."""

    def __init__(self, wallet: str, why: str) -> None:
        super().__init__(f"Wallet {wallet} is frozen: {why}.", wallet=wallet)

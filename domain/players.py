"""Registering a player, giving out a deposit address, turning a seed pair: acts with an answer for ever."""

from datetime import datetime

from domain.wire import Hex, Message


class PlayerInput(Message):
    """A player as the casino names it; the same (operator, external id) is the same player for ever."""

    operator: int
    external_id: str
    request_id: str
    received_at: datetime


class PlayerRecord(Message):
    """A registered player; `player` is operator and owner number in one."""

    player: int
    operator: int
    external_id: str
    created_at: datetime
    request_id: str | None = None
    repeat: bool = False


class AddressInput(Message):
    """A wish for the player's deposit address in one key family (`eip155` serves all EVM networks)."""

    player: int
    family: str
    request_id: str
    received_at: datetime


class AddressRecord(Message):
    """A player's deposit address, confirmed by the signer's own key before anybody is shown it."""

    player: int
    family: str
    address: Hex
    repeat: bool = False


class SeedRotationInput(Message):
    """A wish to reveal the current seed pair and go on with the next one under a new client seed."""

    player: int
    client_key: str
    client_seed: str
    request_id: str
    received_at: datetime


class SeedPairRecord(Message):
    """One seed pair as the player may see it; `server_seed` only once it has been revealed."""

    player: int
    pair: int
    commit: str
    client_seed: str
    next_nonce: int
    server_seed: str | None = None


class SeedRotationRecord(Message):
    """The pair that was revealed, the pair in use, and the commitment of the pair after it."""

    revealed: SeedPairRecord
    current: SeedPairRecord
    next_commit: str
    repeat: bool = False


class PoolInput(Message):
    """One key family whose pool is kept full; `network` names the signer that holds its key."""

    family: str
    network: str

"""The signer stops at once when a switch or the kill file says so, and only where it says so."""

from pathlib import Path

import pytest

from domain.signing import Refusal
from signer.records import SignerDatabase
from signer.signing import SigningActivities
from tests.support.signing import FIRST_NONCE, NETWORK, SigningHouse
from tests.support.signing_asks import refused, sign


@pytest.mark.parametrize("scope", ["any", f"network/{NETWORK}", "asset/2", "wallet"])
async def test_kill_switch_stops_its_scope(
    signing_house: SigningHouse, signing: SigningActivities, scope: str
) -> None:
    """A switch of any scope stops signing at once, and its removal opens it again."""
    named = f"wallet/{NETWORK}/0x{signing_house.wallet.hex()}" if scope == "wallet" else scope
    intent = signing_house.intent(signing_house.owe())
    signing_house.execute("INSERT INTO signer.switches (scope, why) VALUES (%s, 'a drill')", [named])
    assert await refused(signing, intent) == Refusal.STOPPED
    signing_house.execute("DELETE FROM signer.switches")
    assert (await sign(signing, intent)).nonce == FIRST_NONCE


async def test_kill_switch_of_another_wallet_does_not_stop_this_one(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """Suspicion on one wallet leaves the others signing."""
    other = f"wallet/{NETWORK}/0x{signing_house.wallets[1].hex()}"
    signing_house.execute("INSERT INTO signer.switches (scope, why) VALUES (%s, 'a drill')", [other])
    assert (await sign(signing, signing_house.intent(signing_house.owe()))).nonce == FIRST_NONCE


async def test_kill_file_stops_everything(
    signing_house: SigningHouse, signer_database: SignerDatabase, tmp_path: Path
) -> None:
    """While the file exists nothing is answered, not even a repeat."""
    stop_file = tmp_path / "stop"
    signing = signing_house.signer(signer_database, stop_file)
    intent = signing_house.intent(signing_house.owe())
    await sign(signing, intent)
    stop_file.touch()
    assert await refused(signing, intent) == Refusal.STOPPED

"""What the signer's database refuses to everybody, and to the role that the signer runs under."""

import psycopg
import pytest

from signer.signing import SigningActivities
from tests.support.signing import SigningHouse
from tests.support.signing_asks import sign


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM signer.claims",
        "UPDATE signer.signatures SET raw = ''",
        "TRUNCATE signer.signatures",
        "DELETE FROM signer.refusals",
        "DELETE FROM signer.nonce_lanes",
        "UPDATE signer.nonce_lanes SET next_nonce = next_nonce - 1",
    ],
)
async def test_history_is_append_only_for_everybody(
    signing_house: SigningHouse, signing: SigningActivities, statement: str
) -> None:
    """Not even the superuser changes a claim, a signature or a refusal, or sets a lane back."""
    await sign(signing, signing_house.intent(signing_house.owe()))
    with pytest.raises(psycopg.IntegrityError):
        signing_house.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM signer.switches",
        "DELETE FROM signer.claims",
        "UPDATE signer.claims SET serial = 1",
        "INSERT INTO signer.nonce_lanes VALUES ('x', '\\x00', 0)",
        "INSERT INTO signer_view.owed (send_id) VALUES (NULL)",
        "DROP TABLE signer.switches",
    ],
)
async def test_signer_role_cannot_reopen_or_rewrite(signing_house: SigningHouse, statement: str) -> None:
    """The role the process runs under may stop and sign, not reopen, register, owe or rewrite."""
    with (
        psycopg.connect(signing_house.signer_dsn) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())

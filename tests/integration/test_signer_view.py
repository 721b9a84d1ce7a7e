"""What the signer sees of the ledger: a withdrawal is owed only while every row behind it is there."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from devstack.postgres import Postgres
from domain.ids import player_of, slot_of_player
from domain.signing import Refusal, SignedAnswer
from ledger.migrating import upgrade as upgrade_ledger
from signer.migrating import upgrade as upgrade_signer
from signer.obligations import is_watched, outcome_of
from signer.records import SignerDatabase
from signer.registering import register_wallet
from tests.support.signing import (
    FEE_CAP,
    FIRST_NONCE,
    NETWORK,
    PAYEE,
    TOKEN,
    TOKEN_ID,
    SigningHouse,
    make_intent,
    make_vault,
)

PLAYER = player_of(1, 1)
RESERVE, COMMIT, CLOSER, DECISION, EVIDENCE = (UUID(int=number) for number in range(1, 6))
CONTENT = b"\x07" * 32

TABLES = (
    *("ledger.assets", "ledger.decisions", "ledger.approvals", "ledger.withdrawals", "ledger.postings"),
    *("chain.grants", "chain.attempts", "chain.sends", "chain.watched"),
)

# Rows as the postings would leave them; keys between them are not checked, as a case takes one of them away.
ROWS = f"""
SET LOCAL session_replication_role = replica;
{"".join(f"DELETE FROM {table};" for table in TABLES)}
INSERT INTO ledger.assets (asset_id, code, chain, contract, decimals)
  VALUES ({TOKEN_ID}, 'TUSD@{NETWORK}', '{NETWORK}', '0x{TOKEN.hex()}', 6);
INSERT INTO ledger.decisions (slot, decision_id, verdict, rules, decided_at)
  VALUES (%(slot)s, %(decision)s, 2, 1, now());
INSERT INTO ledger.approvals (slot, withdrawal_id, ticket, verb, person, words, content_hash, at)
  VALUES (%(slot)s, %(send)s, 't-1', 'approve', 'anna', 'known customer', %(content)s, now());
INSERT INTO ledger.withdrawals (
    slot, withdrawal_id, player, asset_id, network, payee, amount, fee, fee_cap, state, decision_id,
    reserve_id, send_posting_id, client_key, request_id, received_at, updated_at, content_hash)
  VALUES (
    %(slot)s, %(send)s, %(player)s, {TOKEN_ID}, '{NETWORK}', %(payee)s, 20000000, 1000000, {FEE_CAP},
    'committed', %(decision)s, %(reserve)s, %(commit)s, 'k-1', 'r-1', now(), now(), %(content)s);
INSERT INTO ledger.postings (slot, no, posting_id, kind, result, digest, closes, posted_at)
  VALUES (%(slot)s, 2, %(commit)s, 22, 0, %(content)s, %(reserve)s, now());
INSERT INTO chain.sends (
    send_id, kind, chain_id, asset_id, payee, amount, fee_cap, fee_asset_id, fingerprint, state)
  VALUES (
    %(send)s, 'withdrawal', '{NETWORK}', {TOKEN_ID}, %(payee)s, 20000000, {FEE_CAP}, 1, %(content)s,
    'granted');
INSERT INTO chain.grants (send_id, chain_id, asset_id, amount, asked_at, wallet, granted_at)
  VALUES (%(send)s, '{NETWORK}', {TOKEN_ID}, 20000000, now(), %(wallet)s, now());
"""
CLOSE = """
INSERT INTO ledger.postings (slot, no, posting_id, kind, result, digest, closes, refused, posted_at)
SELECT slot, 3, '{closer}', 23, {result}, digest, posting_id, {refused}, now() FROM ledger.postings
"""
WATCH = f"""
INSERT INTO chain.watched (family, address, role, account, address_index)
VALUES ('evm', decode('{PAYEE.hex()}', 'hex'), 'deposit', 0, 0)
"""
ATTEMPT = """
SET session_replication_role = replica;
INSERT INTO chain.attempts (send_id, attempt, chain_id, wallet, plan, state, outcome, evidence_id)
VALUES (%s, 1, %s, %s, '{}', 'closed', 'failed', %s)
"""


@pytest.fixture(scope="module")
def migrated(postgres: Postgres, run_directory: Path) -> Iterator[SigningHouse]:
    """Yield a database with both schemas, one wallet and no rows."""
    name, role, password = "signer_view", "signer_view_reader", "only for this test"
    postgres.create_database(name)
    admin_dsn = postgres.dsn(database=name)
    upgrade_ledger(admin_dsn)
    upgrade_signer(admin_dsn)
    vault = make_vault(run_directory / "signer-view-keystore", wallets=1)
    house = SigningHouse(admin_dsn, postgres.dsn(role, password, database=name), vault)
    house.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}' IN ROLE croupier_signer")
    register_wallet(admin_dsn, NETWORK, house.wallet, FIRST_NONCE)
    yield house
    postgres.drop_database(name)


@pytest.fixture
def send() -> UUID:
    """Return the id of this case's withdrawal."""
    return uuid4()


@pytest.fixture
def house(migrated: SigningHouse, send: UUID) -> SigningHouse:
    """Return the database with one reviewed, approved and committed withdrawal and nothing else."""
    values = {
        "slot": slot_of_player(PLAYER),
        "player": PLAYER,
        "send": send,
        "reserve": RESERVE,
        "commit": COMMIT,
        "decision": DECISION,
        "content": CONTENT,
        "payee": PAYEE,
        "wallet": migrated.wallet,
    }
    with psycopg.connect(migrated.admin_dsn, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(ROWS.encode(), values)
    return migrated


@pytest.fixture
async def database(house: SigningHouse) -> AsyncIterator[SignerDatabase]:
    """Yield connections under a role that has exactly the signer's rights."""
    connections = SignerDatabase(SecretStr(house.signer_dsn))
    await connections.open()
    yield connections
    await connections.close()


async def answer_of(house: SigningHouse, database: SignerDatabase, send: UUID) -> str:
    """Ask for the first signature; return `signed` or the refusal code."""
    signing = house.signer(database)
    try:
        answer = await ActivityEnvironment().run(signing.sign, make_intent(send, house.wallet))
    except ApplicationError as error:
        return str(error.details[0])
    assert isinstance(answer, SignedAnswer)
    return "repeat" if answer.repeat else "signed"


async def test_committed_withdrawal_is_signed(
    house: SigningHouse, database: SignerDatabase, send: UUID
) -> None:
    """With every row there the signer, under its own role, finds the obligation and signs it."""
    assert await answer_of(house, database, send) == "signed"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ("DELETE FROM ledger.postings", Refusal.NOT_OWED),
        ("UPDATE ledger.postings SET kind = 20, decision_id = gen_random_uuid()", Refusal.NOT_OWED),
        ("UPDATE ledger.postings SET result = 2, refused = '{}'", Refusal.NOT_OWED),
        (CLOSE.format(closer=CLOSER, result=0, refused="NULL"), Refusal.NOT_OWED),
        (CLOSE.format(closer=CLOSER, result=2, refused="'{}'"), "signed"),
        ("DELETE FROM chain.grants", Refusal.NOT_OWED),
        ("UPDATE chain.grants SET wallet = NULL, granted_at = NULL", Refusal.NOT_OWED),
        ("UPDATE chain.grants SET released_at = now()", Refusal.NOT_OWED),
        ("UPDATE chain.sends SET state = 'released', released_at = now()", Refusal.NOT_OWED),
        ("UPDATE chain.sends SET amount = amount + 1", Refusal.NOT_OWED),
        ("UPDATE chain.sends SET payee = decode(repeat('ab', 20), 'hex')", Refusal.NOT_OWED),
        ("UPDATE ledger.withdrawals SET amount = amount - 1", Refusal.NOT_OWED),
        ("UPDATE ledger.withdrawals SET payee = decode(repeat('ab', 20), 'hex')", Refusal.NOT_OWED),
        ("UPDATE ledger.withdrawals SET network = 'eip155:1'", Refusal.NOT_OWED),
        ("UPDATE ledger.decisions SET verdict = 1", "signed"),
        ("UPDATE ledger.decisions SET verdict = 3", Refusal.RULES_DISAGREE),
        ("DELETE FROM ledger.decisions", Refusal.NOT_OWED),
        ("DELETE FROM ledger.approvals", Refusal.NOT_APPROVED),
        ("UPDATE ledger.approvals SET verb = 'reject'", Refusal.NOT_APPROVED),
        ("UPDATE ledger.approvals SET content_hash = decode(repeat('08', 32), 'hex')", Refusal.NOT_APPROVED),
        ("UPDATE ledger.assets SET contract = '0x' || repeat('ab', 20)", Refusal.NOT_ALLOWED),
        (WATCH, Refusal.NOT_ALLOWED),
    ],
)
async def test_one_row_less_is_not_signed(
    house: SigningHouse, database: SignerDatabase, send: UUID, change: str, answer: str
) -> None:
    """Each row behind a withdrawal counts: without it, or with another content, nothing is signed."""
    house.execute(f"SET session_replication_role = replica; {change}")
    assert await answer_of(house, database, send) == answer


async def test_evidence_ends_an_attempt(house: SigningHouse, database: SignerDatabase, send: UUID) -> None:
    """An attempt is over when its row names an outcome and the evidence for it."""
    with psycopg.connect(house.admin_dsn, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(ATTEMPT.encode(), [send, NETWORK, house.wallet, EVIDENCE])
    async with database.transaction() as reading:
        assert await outcome_of(reading, send, 1) == "failed"
        assert await outcome_of(reading, send, 2) is None
        assert not await is_watched(reading, PAYEE)

"""The signer of a test on a database of its own, and how a worker asks it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from devstack.postgres import Postgres
from domain.signing import SignedAnswer, SigningIntent
from signer.records import SignerDatabase
from signer.signing import SigningActivities, Vault
from tests.support.signing import SigningHouse, build_house, make_vault


@pytest.fixture(scope="session")
def vault(run_directory: Path) -> Vault:
    """Return two wallets and an account, made once."""
    return make_vault(run_directory / "signer-keystore")


@pytest.fixture
def signing_house(postgres: Postgres, fresh_database: str, vault: Vault) -> SigningHouse:
    """Return a database with the signer's schema and nothing owed."""
    return build_house(postgres, fresh_database, vault)


@pytest.fixture
async def signer_database(signing_house: SigningHouse) -> AsyncIterator[SignerDatabase]:
    """Yield connections under a role that has exactly the signer's rights."""
    connections = SignerDatabase(SecretStr(signing_house.signer_dsn), pool_size=8)
    await connections.open()
    yield connections
    await connections.close()


@pytest.fixture
def signing(signing_house: SigningHouse, signer_database: SignerDatabase) -> SigningActivities:
    """Return a signer of both wallets."""
    return signing_house.signer(signer_database)


async def sign(signing: SigningActivities, intent: SigningIntent) -> SignedAnswer:
    """Ask as a worker would."""
    answer = await ActivityEnvironment().run(signing.sign, intent)
    assert isinstance(answer, SignedAnswer)
    return answer


async def refused(signing: SigningActivities, intent: SigningIntent) -> str:
    """Ask, expect a refusal and return its code."""
    with pytest.raises(ApplicationError) as caught:
        await sign(signing, intent)
    assert caught.value.type == "REFUSED_BY_SIGNER", caught.value
    assert caught.value.non_retryable
    return str(caught.value.details[0])

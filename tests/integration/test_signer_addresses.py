"""The signer confirms deposit addresses from its private keys."""

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from domain.signing import AddressRange
from signer.signing import SigningActivities, Vault


async def test_addresses_are_confirmed_from_the_private_side(
    signing: SigningActivities, vault: Vault
) -> None:
    """A range of deposit addresses comes back in index order."""
    wanted = AddressRange(family="eip155", account=0, first=3, last=5)
    confirmed = await ActivityEnvironment().run(signing.confirm_addresses, wanted)
    assert confirmed.addresses == vault.accounts["eip155", 0].addresses(3, 5)
    assert (confirmed.family, confirmed.account, confirmed.first) == ("eip155", 0, 3)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (AddressRange(family="eip155", account=1, first=0, last=0), "NOT_FOUND"),
        (AddressRange(family="tron", account=0, first=0, last=0), "NOT_FOUND"),
        (AddressRange(family="eip155", account=0, first=5, last=4), "REQUEST_INVALID"),
        (AddressRange(family="eip155", account=0, first=0, last=1_000), "REQUEST_INVALID"),
        (AddressRange(family="eip155", account=0, first=65_536, last=65_536), "REQUEST_INVALID"),
    ],
)
async def test_unknown_accounts_and_ranges_are_refused(
    signing: SigningActivities, wanted: AddressRange, code: str
) -> None:
    """What cannot be derived here is a final answer."""
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(signing.confirm_addresses, wanted)
    assert (caught.value.type, caught.value.non_retryable) == (code, True)

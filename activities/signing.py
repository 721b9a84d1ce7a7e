"""The signer's activities as workflows name them; they run in the signer's own process and never here."""

from temporalio import activity

from domain.signing import (
    CONFIRM_ADDRESSES_ACTIVITY,
    FORBID_SIGNING_ACTIVITY,
    SIGN_ACTIVITY,
    AddressRange,
    ConfirmedAddresses,
    ForbidAnswer,
    ForbidRequest,
    SignedAnswer,
    SigningIntent,
)


class SigningActivities:
    """Declarations only: no worker of ours registers this class."""

    @activity.defn(name=SIGN_ACTIVITY)
    async def sign(self, intent: SigningIntent) -> SignedAnswer:  # noqa: ARG002 - a declaration
        """Judge the intent against the signer's own view, take a nonce, sign, store; then answer."""
        raise NotServedHere

    @activity.defn(name=FORBID_SIGNING_ACTIVITY)
    async def forbid_signing(self, wanted: ForbidRequest) -> ForbidAnswer:  # noqa: ARG002 - a declaration
        """Bury a send for ever, unless something signed for it may still land."""
        raise NotServedHere

    @activity.defn(name=CONFIRM_ADDRESSES_ACTIVITY)
    async def confirm_addresses(
        self,
        wanted: AddressRange,  # noqa: ARG002 - a declaration
    ) -> ConfirmedAddresses:
        """Derive deposit addresses from the signer's own account key."""
        raise NotServedHere


class NotServedHere(Exception):
    """A signer's activity was registered outside the signer; stops such a worker at its first task."""

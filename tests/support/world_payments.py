"""Payments that people outside sign with their own keys."""

from eth_account.signers.local import LocalAccount

from chains.codecs.evm import EvmCodec, call_of
from chains.codecs.payments import Payment
from domain.sends import SignedTx


def sign_evm_payment(chain_id: int, by: LocalAccount, nonce: int, payment: Payment) -> SignedTx:
    """A payment of coins or tokens on an EVM network."""
    to, value, data = call_of(payment)
    signed = by.sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "gas": 100_000,
            "maxFeePerGas": 2 * 10**9,
            "maxPriorityFeePerGas": 10**8,
            "to": to,
            "value": value,
            "data": data,
        }
    )
    raw = bytes(signed.raw_transaction)
    return SignedTx(EvmCodec().txid(raw), raw)

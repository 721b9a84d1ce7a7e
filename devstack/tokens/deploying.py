"""Deploys test tokens on a local chain and moves them from accounts the node signs for."""

from eth_abi.abi import decode, encode

from devstack.anvil import Anvil
from devstack.tokens.compiling import compile_token

TRANSFER = "a9059cbb"  # transfer(address,uint256)
BALANCE_OF = "70a08231"  # balanceOf(address)
GAS = 3_000_000


def deploy_plain(
    chain: Anvil,
    *,
    name: str = "Test Dollar",
    symbol: str = "TUSD",
    supply_units: int = 10**15,
    deployer: str | None = None,
) -> str:
    """Deploy the honest token (6 decimals), all of it at the deployer; return its address, lower case.

    A chain that waits to be told mines one block for it. The deployer defaults to the node's first account.
    """
    arguments = encode(["string", "string", "uint256"], [name, symbol, supply_units])
    return deploy(chain, "plain", arguments, deployer=deployer)


def deploy(chain: Anvil, source: str, arguments: bytes = b"", *, deployer: str | None = None) -> str:
    """Deploy the contract of `<source>.vy` with encoded arguments; return its address, lower case."""
    sender = deployer or chain.accounts()[0]
    sent = _send(chain, {"from": sender, "data": compile_token(source).bytecode + arguments.hex()})
    receipt = chain.rpc("eth_getTransactionReceipt", sent)
    if receipt is None:
        chain.mine()
        receipt = chain.rpc("eth_getTransactionReceipt", sent)
    assert isinstance(receipt, dict)
    assert receipt["status"] == "0x1", "the token's constructor reverted"
    return str(receipt["contractAddress"]).lower()


def send_tokens(chain: Anvil, token: str, sender: str, recipient: str, units: int) -> str:
    """Send a transfer from an account the node signs for; return the transaction's hash, mined or not."""
    arguments = encode(["address", "uint256"], [recipient, units]).hex()
    return _send(chain, {"from": sender, "to": token, "data": f"0x{TRANSFER}{arguments}"})


def tokens_of(chain: Anvil, token: str, holder: str) -> int:
    """Return the token units an address holds in the latest block."""
    arguments = encode(["address"], [holder]).hex()
    answer = chain.rpc("eth_call", {"to": token, "data": f"0x{BALANCE_OF}{arguments}"}, "latest")
    (units,) = decode(["uint256"], bytes.fromhex(str(answer).removeprefix("0x")))
    return int(units)


def _send(chain: Anvil, transaction: dict[str, str]) -> str:
    return str(chain.rpc("eth_sendTransaction", {"gas": hex(GAS), **transaction}))

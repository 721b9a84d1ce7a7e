# pragma version ~=0.4.3
# pragma evm-version paris
"""
@title A token that takes a fee
@notice Like the plain one, slot by slot, but the collector keeps a hundredth of every transfer, in a log of its own.
"""

from ethereum.ercs import IERC20

implements: IERC20

COLLECTOR: constant(address) = 0x00000000000000000000000000000000000FEE00
SHARE: constant(uint256) = 100

name: public(String[64])
symbol: public(String[16])
decimals: public(constant(uint8)) = 6
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(name: String[64], symbol: String[16], supply: uint256):
    self.name = name
    self.symbol = symbol
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply
    log IERC20.Transfer(sender=empty(address), receiver=msg.sender, value=supply)


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert receiver != empty(address), "no receiver"
    fee: uint256 = amount // SHARE
    self.balanceOf[sender] -= amount
    self.balanceOf[COLLECTOR] += fee
    self.balanceOf[receiver] += amount - fee
    log IERC20.Transfer(sender=sender, receiver=receiver, value=amount - fee)
    log IERC20.Transfer(sender=sender, receiver=COLLECTOR, value=fee)

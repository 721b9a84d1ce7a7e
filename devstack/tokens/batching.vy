# pragma version ~=0.4.3
# pragma evm-version paris
"""
@title A contract that pays many
@notice It moves tokens of its caller, who must have allowed it to, to up to 64 receivers in one transaction.
"""

from ethereum.ercs import IERC20

MOST: constant(uint256) = 64


@external
def pay(token: address, receivers: DynArray[address, MOST], amounts: DynArray[uint256, MOST]):
    assert len(receivers) == len(amounts), "one amount for each"
    for i: uint256 in range(MOST):
        if i == len(receivers):
            break
        assert extcall IERC20(token).transferFrom(msg.sender, receivers[i], amounts[i])

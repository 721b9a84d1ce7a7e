# pragma version ~=0.4.3
# pragma evm-version paris
"""
@title A token that only talks
@notice It logs every transfer it is asked for and moves nothing.
"""

from ethereum.ercs import IERC20

balanceOf: public(HashMap[address, uint256])


@external
def transfer(to: address, amount: uint256) -> bool:
    log IERC20.Transfer(sender=msg.sender, receiver=to, value=amount)
    return True

# pragma version ~=0.4.3
# pragma evm-version paris
"""
@title A token that says no
@notice It answers false to every transfer, moves nothing and logs nothing.
"""

balanceOf: public(HashMap[address, uint256])


@external
def transfer(to: address, amount: uint256) -> bool:
    return False

# pragma version ~=0.4.3
# pragma evm-version paris
"""
@title A contract that pays
@notice It hands the coins of a call on to somebody, from inside: no log, and its caller names only the contract.
"""

@external
@payable
def pay(receiver: address):
    send(receiver, msg.value)

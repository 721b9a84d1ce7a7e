# pragma version ~=0.4.3
# pragma evm-version paris
"""
@title USDT as it is on Tron
@notice `transfer` answers false though it succeeded, `transferFrom` answers true. The owner can take a fee in basis
points (a second Transfer log), pause, bar senders, destroy what a barred one holds and issue or redeem, all of these
without a Transfer log.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

event Issue:
    amount: uint256

event Redeem:
    amount: uint256

event Params:
    feeBasisPoints: uint256
    maxFee: uint256

event AddedBlackList:
    holder: indexed(address)

event RemovedBlackList:
    holder: indexed(address)

event DestroyedBlackFunds:
    holder: indexed(address)
    balance: uint256

event Pause:
    pass

event Unpause:
    pass

MOST_BASIS_POINTS: constant(uint256) = 20
MOST_FEE: constant(uint256) = 50

name: public(constant(String[16])) = "Tether USD"
symbol: public(constant(String[8])) = "USDT"
decimals: public(constant(uint8)) = 6
owner: public(address)
paused: public(bool)
deprecated: public(constant(bool)) = False
totalSupply: public(uint256)
basisPointsRate: public(uint256)
maximumFee: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
isBlackListed: public(HashMap[address, bool])


@deploy
def __init__(supply: uint256):
    self.owner = msg.sender
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply


@external
def transfer(to: address, amount: uint256) -> bool:
    assert not self.paused
    assert not self.isBlackListed[msg.sender]
    self._move(msg.sender, to, amount)
    return False


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    assert not self.paused
    assert not self.isBlackListed[owner]
    if self.allowance[owner][msg.sender] != max_value(uint256):
        self.allowance[owner][msg.sender] -= amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    assert not self.paused
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
@view
def calcFee(amount: uint256) -> uint256:
    return self._fee(amount)


@external
@view
def getBlackListStatus(holder: address) -> bool:
    return self.isBlackListed[holder]


@external
def setParams(basis_points: uint256, most: uint256):
    self._check_owner()
    assert basis_points < MOST_BASIS_POINTS and most < MOST_FEE
    self.basisPointsRate = basis_points
    self.maximumFee = most * 10 ** 6
    log Params(feeBasisPoints=basis_points, maxFee=self.maximumFee)


@external
def pause():
    self._check_owner()
    self.paused = True
    log Pause()


@external
def unpause():
    self._check_owner()
    self.paused = False
    log Unpause()


@external
def addBlackList(holder: address):
    self._check_owner()
    self.isBlackListed[holder] = True
    log AddedBlackList(holder=holder)


@external
def removeBlackList(holder: address):
    self._check_owner()
    self.isBlackListed[holder] = False
    log RemovedBlackList(holder=holder)


@external
def destroyBlackFunds(holder: address):
    self._check_owner()
    assert self.isBlackListed[holder]
    burnt: uint256 = self.balanceOf[holder]
    self.balanceOf[holder] = 0
    self.totalSupply -= burnt
    log DestroyedBlackFunds(holder=holder, balance=burnt)


@external
def issue(amount: uint256):
    self._check_owner()
    self.balanceOf[self.owner] += amount
    self.totalSupply += amount
    log Issue(amount=amount)


@external
def redeem(amount: uint256):
    self._check_owner()
    self.balanceOf[self.owner] -= amount
    self.totalSupply -= amount
    log Redeem(amount=amount)


@internal
@view
def _check_owner():
    assert msg.sender == self.owner


@internal
@view
def _fee(amount: uint256) -> uint256:
    return min(amount * self.basisPointsRate // 10_000, self.maximumFee)


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert receiver != empty(address)
    fee: uint256 = self._fee(amount)
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount - fee
    log Transfer(sender=sender, receiver=receiver, value=amount - fee)
    if fee > 0:
        self.balanceOf[self.owner] += fee
        log Transfer(sender=sender, receiver=self.owner, value=fee)

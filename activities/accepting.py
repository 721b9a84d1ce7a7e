"""AcceptingActivities: decision row, reservation and business row in one transaction, or what is already there.

Each of them may run twice under one id and has one effect; the second run answers from the rows.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from temporalio import activity

from activities.provenance import provenance
from domain.approvals import content_hash
from domain.assets import Catalogue
from domain.bets import BetInput, BetResult, BetState
from domain.errors import InsufficientFunds, NotFound, PlayerBlocked, RefusedByRules, Rejected
from domain.fairness import commitment
from domain.games import check_under, roll_dice
from domain.ids import bet_key, decision_id, operator_of_player, player_text, posting_id, step, withdrawal_key
from domain.journal import bet_reserved, withdrawal_reserved, withdrawal_voided
from domain.kinds import Result
from domain.players import (
    AddressInput,
    AddressRecord,
    PlayerInput,
    PlayerRecord,
    SeedRotationInput,
    SeedRotationRecord,
)
from domain.rules import BetCall, Decision, Policy, Verdict, WithdrawalCall, evaluate_bet, evaluate_withdrawal
from domain.withdrawals import ReviewAct, ReviewVerb, WithdrawalFacts, WithdrawalInput, WithdrawalState
from ledger.addresses import assign
from ledger.registrations import register
from ledger.session import Sessions

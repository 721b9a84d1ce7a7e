"""Every step a workflow takes is served on the queue it is sent to, by the process that may do it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow

from devstack.runs import CHECKOUT
from domain.signing import CONFIRM_ADDRESSES_ACTIVITY, FORBID_SIGNING_ACTIVITY, SIGN_ACTIVITY, sign_queue
from signer.signing import SigningActivities
from tests.support.assembly import built_anywhere
from tests.support.world_checks import WORKFLOWS
from workers.registry import PROCESSES, QueueWork
from workflows.names import (
    BETS_NAMESPACE,
    BETS_QUEUE,
    LEDGER_QUEUE,
    MONEY_NAMESPACE,
    MONEY_QUEUE,
    OPS_QUEUE,
    WorkflowName,
    chain_queue,
    feed_queue,
)

NETWORK = "eip155:1"
BETS, MONEY = BETS_NAMESPACE, MONEY_NAMESPACE
HERE = "the queue of the workflow itself"
CHAIN, FEED, SIGN = chain_queue(NETWORK), feed_queue(NETWORK), sign_queue(NETWORK)

# Module to the steps its workflows take, and where they are sent; a step taken "soon" is sent to two places.
STEPS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "bets": (
        BETS,
        {"accept_bet": (HERE,), "settle_bet": (HERE, LEDGER_QUEUE), "void_bet": (LEDGER_QUEUE,)},
    ),
    "players": (
        MONEY,
        {
            "register_player": (LEDGER_QUEUE,),
            "assign_address": (LEDGER_QUEUE,),
            "rotate_seeds": (LEDGER_QUEUE,),
        },
    ),
    "address_pool": (
        MONEY,
        {
            "wanted_addresses": (LEDGER_QUEUE,),
            "store_addresses": (LEDGER_QUEUE,),
            "confirm_addresses": (SIGN,),
        },
    ),
    "deposits": (
        MONEY,
        {
            "recall_deposit": (HERE, LEDGER_QUEUE),
            "post_deposit": (HERE, LEDGER_QUEUE),
            "unlock_deposit": (HERE, LEDGER_QUEUE),
            "reverse_deposit": (HERE, LEDGER_QUEUE),
        },
    ),
    "withdrawals": (
        MONEY,
        {
            "accept_withdrawal": (HERE, LEDGER_QUEUE),
            "recall_withdrawal": (HERE, LEDGER_QUEUE),
            "request_liquidity": (HERE, LEDGER_QUEUE),
            "post_send": (HERE, LEDGER_QUEUE),
            "void_withdrawal": (HERE, LEDGER_QUEUE),
            "settle_withdrawal": (HERE, LEDGER_QUEUE),
        },
    ),
    "staff_verbs": (
        MONEY,
        {"record_review": (HERE, LEDGER_QUEUE), "record_verb": (HERE, LEDGER_QUEUE)},
    ),
    "refunding": (
        MONEY,
        {
            "forbid_signing": (SIGN,),
            "close_judged": (CHAIN,),
            "prove_unpayable": (CHAIN,),
            "return_withdrawal": (LEDGER_QUEUE,),
            "book_fees": (LEDGER_QUEUE,),
        },
    ),
    "sending": (
        MONEY,
        {
            "simulate_send": (CHAIN,),
            "plan_send": (CHAIN,),
            "plan_replacement": (CHAIN,),
            "broadcast": (CHAIN,),
            "look_at_send": (HERE, CHAIN),
            "sign": (SIGN,),
        },
    ),
    "transferring": (
        MONEY,
        {
            "recall_transfer": (HERE, LEDGER_QUEUE),
            "ready_transfer": (LEDGER_QUEUE,),
            "skip_transfer": (LEDGER_QUEUE,),
            "post_transfer": (LEDGER_QUEUE,),
            "book_transfer_fees": (LEDGER_QUEUE,),
            "has_left": (CHAIN,),
            "settle_transfer": (LEDGER_QUEUE,),
            "return_transfer": (LEDGER_QUEUE,),
        },
    ),
    "sweeps": (MONEY, {"estimate_sweep": (CHAIN,), "top_up": (OPS_QUEUE,)}),
    "funding": (MONEY, {"estimate_funding": (CHAIN,), "tell_sweeps": (OPS_QUEUE,)}),
    "borrowing": (
        MONEY,
        {"borrow": (OPS_QUEUE,), "tell_lender": (OPS_QUEUE,), "give_back": (LEDGER_QUEUE,)},
    ),
    "energy": (
        MONEY,
        {
            "recall_delegation": (HERE, LEDGER_QUEUE),
            "grant_delegation": (LEDGER_QUEUE,),
            "open_delegation": (LEDGER_QUEUE,),
            "see_energy": (CHAIN,),
            "note_energy": (LEDGER_QUEUE,),
            "take_back_delegation": (LEDGER_QUEUE,),
            "close_delegation": (LEDGER_QUEUE,),
            "drop_delegation": (LEDGER_QUEUE,),
            "tell_borrower": (OPS_QUEUE,),
        },
    ),
    "energy_rounds": (MONEY, {"compare_delegations": (CHAIN,), "settle_round": (OPS_QUEUE,)}),
    "planner": (MONEY, {"plan_sweeps": (OPS_QUEUE,)}),
    "chain_feed": (
        MONEY,
        {"follow_chain": (FEED,), "deliver_events": (OPS_QUEUE,), "heal_sends": (CHAIN,)},
    ),
    "hot_wallets": (MONEY, {"grant_liquidity": (LEDGER_QUEUE,), "plan_moves": (OPS_QUEUE,)}),
    "stuck_finder": (MONEY, {"restart_stuck": (OPS_QUEUE,), "deliver_tickets": (OPS_QUEUE,)}),
}
OF_BETS = {"rotate_seeds"}
"""Steps of a module of both namespaces that are taken in the namespace of bets."""
OF_BOTH = {"restart_stuck"}
"""Steps that are taken in both namespaces."""
SIGNER = {
    str(activity._Definition.must_from_callable(method).name)
    for method in (
        SigningActivities.sign,
        SigningActivities.forbid_signing,
        SigningActivities.confirm_addresses,
    )
}


@pytest.fixture(scope="module")
def served() -> dict[tuple[str, str], set[str]]:
    """Namespace and queue to the activities served there."""
    found: dict[tuple[str, str], set[str]] = {(MONEY, SIGN): SIGNER}
    for name, process in PROCESSES.items():
        built = built_anywhere(name)
        for work in process.queues([NETWORK]):
            names = {
                str(activity._Definition.must_from_callable(step).name) for step in work.activities(built)
            }
            found.setdefault((work.namespace, work.queue), set()).update(names)
    return found


@pytest.mark.parametrize("module", STEPS)
def test_the_table_names_exactly_the_steps_of_the_code(module: str) -> None:
    """No workflow takes a step that the table above does not place."""
    assert set(_steps_in(CHECKOUT / "workflows" / f"{module}.py")) == set(STEPS[module][1])


def test_no_other_module_of_workflows_takes_steps() -> None:
    """A new module with steps has to be placed first."""
    taking = {path.stem for path in (CHECKOUT / "workflows").glob("*.py") if set(_steps_in(path))}
    assert taking == set(STEPS)


@pytest.mark.parametrize(
    ("module", "step"), [(module, step) for module, (_, steps) in STEPS.items() for step in steps]
)
def test_a_step_is_served_where_it_is_sent(
    module: str, step: str, served: dict[tuple[str, str], set[str]]
) -> None:
    """An activity nobody serves would be repeated silently for ever."""
    usual, steps = STEPS[module]
    for namespace in (BETS, MONEY) if step in OF_BOTH else (BETS if step in OF_BETS else usual,):
        own = BETS_QUEUE if namespace == BETS else MONEY_QUEUE
        for queue in steps[step]:
            assert step in served[namespace, own if queue == HERE else queue], queue


def test_nothing_is_served_that_nobody_sends(served: dict[tuple[str, str], set[str]]) -> None:
    """A registered activity without a caller is a power nobody needs."""
    sent = {step for _, steps in STEPS.values() for step in steps}
    assert set().union(*served.values()) == sent


def test_the_signer_serves_what_workflows_ask_it() -> None:
    """Both sides of the border use the same three names."""
    assert {SIGN_ACTIVITY, FORBID_SIGNING_ACTIVITY, CONFIRM_ADDRESSES_ACTIVITY} == SIGNER


def test_every_workflow_type_is_served_once() -> None:
    """Each name of the contract has one class, on one queue of a namespace, under that name."""
    names = [str(workflow._Definition.must_from_class(cls).name) for cls in WORKFLOWS]
    assert sorted(names) == sorted(WorkflowName)
    served = [(work.namespace, cls) for work in _works() for cls in work.workflows]
    assert len(served) == len(set(served))
    assert {cls for _, cls in served} == set(WORKFLOWS)


def test_no_workflow_has_a_failure_it_may_end_with() -> None:
    """A money workflow never fails: it finishes, waits, or stands blocked."""
    definitions: list[Any] = [workflow._Definition.must_from_class(cls) for cls in WORKFLOWS]
    assert all(not definition.failure_exception_types for definition in definitions)
    assert all(definition.versioning_behavior in {None, 0} for definition in definitions)


def test_no_queue_is_served_by_two_processes() -> None:
    """A queue stands for one downstream limit and one database role."""
    queues = [(work.namespace, work.queue) for work in _works()]
    assert len(queues) == len(set(queues))


def _works() -> list[QueueWork]:
    return [work for process in PROCESSES.values() for work in process.queues([NETWORK])]


def _steps_in(path: Path) -> Iterator[str]:
    """Every mention of a method of an activity class."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id.endswith("Activities")
        ):
            yield node.attr

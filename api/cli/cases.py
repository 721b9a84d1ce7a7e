"""One withdrawal on a page: the sentence first, then what it is, its transactions, and what people said."""

from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from api.cli.calling import Document
from api.cli.wording import NOTHING, ago, at, clean, coins

WAITS_FOR = {"itself": "goes on by itself", "person": "waits for a person"}
STYLES = {"done": "green", "waiting": "yellow", "refused": "red", "undelivered": "yellow"}


def show_case(case: Document, now: datetime) -> list[RenderableType]:
    """A case in the order in which somebody asks: why, what, who gets it, what was tried, what was said."""
    shown: list[RenderableType] = [Text(clean(case["sentence"]), style="bold"), Text(), _facts(case, now)]
    if case["attempts"]:
        shown += [Text(), *_attempts(case["attempts"])]
    shown += [Text(), _history(case)]
    shown += [Text(clean(wish["sentence"]), style="yellow") for wish in case["wanted"]]
    return shown


def show_outcome(case: Document, verb: str) -> list[RenderableType]:
    """What a verb led to, in one sentence, and where the withdrawal stands now."""
    answer = case["answer"]
    is_done = answer["outcome"] == "done"
    mark = ("✓ ", "green") if is_done else ("… ", "yellow")
    shown: list[RenderableType] = [Text.assemble(mark, (f"{verb}: ", "bold"), clean(answer["sentence"]))]
    return [*shown, Text(clean(case["sentence"]))]


def _facts(case: Document, now: datetime) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    amount = coins(case["amount"], case.get("decimals"), case["asset"])
    fee = NOTHING if case["fee"] is None else coins(case["fee"], case.get("decimals"), case["asset"])
    for name, value in (
        ("withdrawal", clean(case["withdrawal_id"])),
        ("player", clean(case["player_id"])),
        ("amount", f"{amount} on {clean(case['network'])}, and a fee of {fee}"),
        ("to", clean(case["to"])),
        ("state", _state(case, now)),
        ("ended", " ".join(clean(case[name]) for name in ("code", "detail") if case[name])),
        ("approvals", clean(case["approvals"]) if case["approvals"] else ""),
        ("open verbs", ", ".join(map(clean, case["open_verbs"])) or NOTHING),
        ("content hash", clean(case["content_hash"])),
    ):
        if value:
            table.add_row(name, value)
    return table


def _state(case: Document, now: datetime) -> str:
    if not case["reason"]:
        return clean(case["state"])
    waits = WAITS_FOR.get(case["waits_for"] or "", "stands still")
    return f"{clean(case['state'])}; {clean(case['reason'])} for {ago(case['since'], now)}, {waits}"


def _attempts(attempts: list[Document]) -> list[Text]:
    """A line per attempt and one per transaction, on which a hash stays whole and can be copied."""
    lines = []
    for attempt in attempts:
        outcome = clean(attempt["outcome"] or attempt["state"])
        without = " without the transfer it owed" if attempt["has_no_effect"] else ""
        nonce = "" if attempt["nonce"] is None else f", nonce {clean(attempt['nonce'])}"
        block = "" if attempt["block_height"] is None else f", block {clean(attempt['block_height'])}"
        place = f" from {clean(attempt['wallet'])}{nonce}{block}"
        lines.append(Text.assemble((f"attempt {clean(attempt['attempt'])} ", "dim"), outcome, without, place))
        for signed in attempt["hashes"]:
            name = f"{clean(signed['variant'])} {clean(signed['purpose'])}"
            lines.append(Text.assemble((f"  {name:<9}", "dim"), clean(signed["txid"])))
            if signed.get("cost"):
                lines.append(Text.assemble(("  cost     ", "dim"), _cost(signed["cost"])))
    return lines


def _cost(cost: Document) -> str:
    """The fee, and on Tron what it was for: `1.445 TRX; 130000 energy, 1.1 TRX for a new account`."""

    def burnt(name: str) -> str:
        return coins(cost[name], cost["decimals"], cost["coin"])

    parts = [f"{clean(cost[name])} {name}" for name in ("energy", "bandwidth") if cost.get(name)]
    parts += [
        f"{burnt(f'{name}_burnt')} burnt for {name}"
        for name in ("energy", "bandwidth")
        if cost.get(f"{name}_burnt")
    ]
    if cost.get("activation"):
        parts.append(f"{burnt('activation')} for a new account")
    return "; ".join(filter(None, (burnt("fee"), ", ".join(parts))))


def _history(case: Document) -> Table:
    """Everything with a moment, oldest first: it came in, people spoke, it began to wait, it changed last."""
    events = [(case["received_at"], "", "received", "", "")]
    for act in case["audit"]:
        outcome = clean(act["code"] or act["outcome"])
        said = f'"{clean(act["words"])}"' + (f"; {clean(act['sentence'])}" if act["sentence"] else "")
        verb = clean(act["verb"]) + (f", cap {clean(act['cap'])}" if act["cap"] else "")
        events.append((act["at"], clean(act["person"]), verb, outcome, said))
    if case["reason"]:
        events.append((case["since"], "", "waits since", "", clean(case["reason"])))
    elif case["updated_at"]:
        events.append((case["updated_at"], "", clean(case["state"]), "", ""))
    table = _table("when (UTC)", "who", "what", "outcome", "words")
    for moment, who, what, outcome, words in sorted(events, key=lambda event: event[0]):
        table.add_row(at(moment), who, what, Text(outcome, style=STYLES.get(outcome, "red")), words)
    return table


def _table(*columns: str) -> Table:
    table = Table(*columns, box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    return table

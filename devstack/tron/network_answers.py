"""Answers about the network and the node: parameters, prices, producers, heights, tokens of the chain."""

from devstack.tron.account_answers import address_shown, known
from devstack.tron.accounts import Trc10, token, tokens
from devstack.tron.asking import Answer, Question
from devstack.tron.blocks import ChainBlock
from devstack.tron.rendering import Json

NODE_VERSION = "devnet"


def chain_parameters(question: Question) -> Json:
    """List the parameters; those of value 0 have no value."""
    pairs = question.view.chain.parameters.pairs()
    return {"chainParameter": [{"key": key, **known({"value": value})} for key, value in pairs]}


def energy_prices(question: Question) -> Json:
    """Show the price of energy in sun since ever."""
    return {"prices": f"0:{question.view.chain.parameters.energy_fee}"}


def bandwidth_prices(question: Question) -> Json:
    """Show the price of a byte in sun since ever."""
    return {"prices": f"0:{question.view.chain.parameters.transaction_fee}"}


def memo_fee(question: Question) -> Json:
    """Show the fee of a memo in sun since ever."""
    return {"prices": f"0:{question.view.chain.parameters.memo_fee}"}


def next_maintenance_time(question: Question) -> Json:
    """Show when the next maintenance is due."""
    return {"num": question.view.chain.next_maintenance_ms}


def node_info(question: Question) -> Json:
    """Show heights and ids of head and solid block, and a node that has nobody to talk to."""
    node = question.view.node
    return {
        "beginSyncNum": node.head.top.number,
        "block": _place(node.head.top),
        "solidityBlock": _place(node.solid.top),
        "currentConnectCount": 0,
        "activeConnectCount": 0,
        "passiveConnectCount": 0,
        "totalFlow": 0,
        "peerList": [],
        "configNodeInfo": {"codeVersion": NODE_VERSION, "supportConstant": True},
        "machineInfo": {},
    }


def list_nodes(_question: Question) -> Json:
    """List nobody: there is no network of peers here."""
    return {}


def list_witnesses(question: Question) -> Json:
    """List the producers, addresses always in hex."""
    return {
        "witnesses": [
            {"address": one.address.hex(), "url": f"http://127.0.0.1/{one.index}", "isJobs": True}
            for one in question.view.chain.slots.producers
        ]
    }


def asset_by_id(question: Question) -> Json:
    """Show a token of the chain."""
    found = token(question.view.state, question.text("value"))
    return {} if found is None else _shown_token(question, found)


def assets(question: Question) -> Json:
    """List the tokens of the chain, texts and addresses always in hex."""
    in_hex = Question(question.view, {})
    return {"assetIssue": [_shown_token(in_hex, one) for one in tokens(question.view.state)]}


def assets_of(question: Question) -> Json:
    """List the tokens that an account issued."""
    owner = question.address("address")
    found = [one for one in tokens(question.view.state) if one.owner == owner]
    return known({"assetIssue": [_shown_token(question, one) for one in found]})


def _place(block: ChainBlock) -> str:
    return f"Num:{block.number},ID:{block.id.hex()}"


def _shown_token(question: Question, one: Trc10) -> Json:
    def text(content: str) -> str:
        return content if question.visible else content.encode().hex()

    return known(
        {
            "owner_address": address_shown(question, one.owner),
            "name": text(one.name),
            "abbr": text(one.abbreviation),
            "total_supply": one.supply,
            "trx_num": 1,
            "num": 1,
            "precision": one.precision,
            "url": text("http://127.0.0.1"),
            "id": one.id,
        }
    )


ANSWERS: dict[str, Answer] = {
    "getassetissuebyid": asset_by_id,
    "getassetissuelist": assets,
    "listwitnesses": list_witnesses,
    "getenergyprices": energy_prices,
    "getbandwidthprices": bandwidth_prices,
}
HEAD_ANSWERS: dict[str, Answer] = {
    "getassetissuebyaccount": assets_of,
    "getchainparameters": chain_parameters,
    "getmemofee": memo_fee,
    "getnextmaintenancetime": next_maintenance_time,
    "getnodeinfo": node_info,
    "listnodes": list_nodes,
}

"""A casino's back office and its players' clients over real HTTP, for the demo, tests and benches."""

from collections.abc import Callable
from functools import partial
from time import monotonic, sleep
from typing import Any, TypeVar

import httpx

TIMEOUT_SECONDS = 15
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 30

Seen = TypeVar("Seen")


class Refused(Exception):
    """An answer of the API that is no success; `problem` is its document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem


class Caller:
    """One authenticated client of one listener."""

    def __init__(self, url: str, token: str) -> None:
        self.headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=self.headers, timeout=TIMEOUT_SECONDS)

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        return self._answer(partial(self._http.get, path, params=parameters))

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        return self._answer(partial(self._http.post, path, json=body, headers=headers))

    def close(self) -> None:
        self._http.close()

    def _answer(self, ask: Callable[[], httpx.Response]) -> dict[str, Any]:
        """What the API says; a request that it wants to be asked again is asked again, under its own key."""
        ends_at = monotonic() + PATIENCE_SECONDS
        while True:
            response = ask()
            answer: dict[str, Any] = response.json()
            if response.is_success:
                return answer
            if answer.get("retry") != "same_id" or monotonic() > ends_at:
                raise Refused(response.status_code, answer)
            sleep(POLL_SECONDS)


class BackOffice(Caller):
    """The casino's own server: it registers players and gets them tokens."""

    def enter(self, external_id: str, player_url: str) -> "PlayerClient":
        """Register a player, or find the same one again, and return a client with a fresh token."""
        player_id = self.post("/v1/players", {"external_id": external_id})["player_id"]
        token = self.post(f"/v1/players/{player_id}/tokens")["token"]
        return PlayerClient(player_url, token, player_id)

    def withdrawal_state(self, withdrawal_id: str) -> str:
        """The state the staff sees, which ends only when the books are settled."""
        return str(self.get(f"/v1/support/withdrawals/{withdrawal_id}")["state"])


class PlayerClient(Caller):
    """A player's browser."""

    def __init__(self, url: str, token: str, player_id: str) -> None:
        super().__init__(url, token)
        self.player_id = player_id

    def deposit_address(self, network: str) -> str:
        return str(self.post("/v1/deposit-addresses", {"network": network})["address"])

    def bet(self, key: str, asset: str, network: str, stake: int, under: int) -> dict[str, Any]:
        body = {
            "key": key,
            "game": "dice",
            "asset": asset,
            "network": network,
            "stake": str(stake),
            "under": under,
        }
        return self.post("/v1/bets", body)

    def withdraw(self, key: str, asset: str, network: str, to: str, amount: int) -> dict[str, Any]:
        body = {"asset": asset, "network": network, "to": to, "amount": str(amount)}
        return self.post("/v1/withdrawals", body, **{"Idempotency-Key": key})

    def withdrawal(self, withdrawal_id: str) -> dict[str, Any]:
        return self.get(f"/v1/withdrawals/{withdrawal_id}")

    def deposits(self) -> list[dict[str, Any]]:
        """The newest deposits, whatever became of them."""
        items: list[dict[str, Any]] = self.get("/v1/deposits")["items"]
        return items

    def statement(self, asset: str, network: str) -> list[dict[str, Any]]:
        """The newest movements of one asset."""
        items: list[dict[str, Any]] = self.get("/v1/statement", asset=asset, network=network)["items"]
        return items

    def available(self, asset: str, network: str) -> int:
        """Units available of one asset; 0 before anything arrived."""
        items = self.get("/v1/balances")["items"]
        found = [item for item in items if (item["asset"], item["network"]) == (asset, network)]
        return int(found[0]["available"]) if found else 0


def wait_for(
    look: Callable[[], Seen | None], what: str, seconds: float = 60, *, every: float = POLL_SECONDS
) -> Seen:
    """What `look` sees, as soon as it sees something; raises TimeoutError naming what did not come."""
    ends_at = monotonic() + seconds
    while monotonic() < ends_at:
        seen = look()
        if seen:
            return seen
        sleep(every)
    message = f"{what} did not come within {seconds:g} s"
    raise TimeoutError(message)

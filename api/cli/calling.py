"""One caller of the operator listener: a key from a file, JSON out, JSON in, and every failure told apart.

A request is answered, refused for good, or it is not known what became of it. The third is never shown as
one of the others: whoever asked repeats it with the same ticket.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

TIMEOUT_SECONDS = 20
"""Longer than the door waits for a workflow, so that its own words arrive before ours."""
CONNECT_SECONDS = 5
KEY_CHARACTERS_MAX = 256
PROBLEM = "application/problem+json"
NO_ANSWER = "NO_ANSWER"
NOT_UNDERSTOOD = "NOT_UNDERSTOOD"

Document = dict[str, Any]


class KeyUnreadable(Exception):
    """A file that does not hold one operator key."""


class NotDone(Exception):
    """A request without success: the problem document that came back, or one that says why none did."""

    def __init__(self, document: Mapping[str, Any], *, is_final: bool) -> None:
        super().__init__(str(document.get("detail") or document.get("title") or document.get("code")))
        self.document = dict(document)
        self.is_final = is_final
        self.again = ""
        """The command that repeats the request under its ticket, where there is one."""

    @property
    def code(self) -> str:
        return str(self.document.get("code", NOT_UNDERSTOOD))

    @property
    def sentence(self) -> str:
        return str(self.document.get("detail") or self.document.get("title") or "No reason was given.")


class OperatorCaller:
    """Calls the operator listener as the person whose key it holds."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept": f"application/json, {PROBLEM}"},
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
        )

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Document:
        """What stands at a path; raises NotDone."""
        return self._call("GET", path, parameters=parameters)

    def post(self, path: str, body: Mapping[str, Any]) -> Document:
        """The answer to a request that may change something; raises NotDone."""
        return self._call("POST", path, body=body)

    def close(self) -> None:
        self._http.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Document:
        try:
            response = self._http.request(method, path, params=parameters, json=body)
        except (httpx.RequestError, KeyboardInterrupt) as error:
            raise _unanswered(self._http.base_url, error) from None
        return _answer(response)


def key_from(path: Path) -> str:
    """The operator key in a file; raises KeyUnreadable, which never repeats what the file holds."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not plain text"
        raise KeyUnreadable(f"{path} cannot be read: {why}.") from None
    if not 0 < len(text) <= KEY_CHARACTERS_MAX or not text.isprintable() or " " in text:
        raise KeyUnreadable(f"{path} does not hold one operator key.")
    return text


def _answer(response: httpx.Response) -> Document:
    try:
        document = response.json()
    except ValueError:
        document = None
    is_problem = response.headers.get("Content-Type", "").startswith(PROBLEM)
    if isinstance(document, dict) and response.is_success and not is_problem:
        return document
    if isinstance(document, dict) and is_problem:
        is_final = document.get("retry") == "none" and not response.is_server_error
        raise NotDone(document, is_final=is_final)
    raise NotDone(_foreign(response), is_final=False)


def _unanswered(url: httpx.URL, error: BaseException) -> NotDone:
    why = "interrupted before the answer came" if isinstance(error, KeyboardInterrupt) else str(error)
    detail = f"{url} gave no answer ({why or type(error).__name__})."
    return NotDone({"code": NO_ANSWER, "detail": detail, "retry": "same_id"}, is_final=False)


def _foreign(response: httpx.Response) -> Document:
    place = response.url.copy_with(query=None)
    detail = f"{place} answered {response.status_code}, and not as the operator API does."
    return {"code": NOT_UNDERSTOOD, "detail": detail, "status": response.status_code, "retry": "look"}

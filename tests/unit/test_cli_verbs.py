"""How a verb is sent: after a look and a question, once under a ticket, bound to what was seen."""

import json
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli.verbs import VERBS, Verb
from api.errors import TABLE, problem
from tests.support.cases import CASE, CONTENT, SENT, WITHDRAWAL
from tests.support.command import Done, Handler, key_file_in, run_scripted

OTHER_CONTENT = "0x" + "d5" * 32
PATH = f"/v1/support/withdrawals/{WITHDRAWAL}"
DONE = {**SENT, "answer": {"outcome": "done", "sentence": "The same bytes go to all nodes."}}
ONE_MORE = {
    **SENT,
    "answer": {"outcome": "one-more-person", "sentence": "Recorded; one more person must agree."},
}


class Door:
    """A scripted operator listener that remembers what was sent to it."""

    def __init__(self, answer: dict[str, Any] | httpx.Response | BaseException = DONE) -> None:
        self.answer = answer
        self.looks = 0
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.looks += 1
            return httpx.Response(200, json=CASE)
        self.sent.append((request.url.path, json.loads(request.content)))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return (
            self.answer if isinstance(self.answer, httpx.Response) else httpx.Response(200, json=self.answer)
        )


def _problem(code: str) -> httpx.Response:
    document = problem(code, f"The sentence of {code}.", "request-1").model_dump(
        mode="json", exclude_none=True
    )
    headers = {"Content-Type": "application/problem+json"}
    return httpx.Response(document["status"], content=json.dumps(document), headers=headers)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with an operator key."""
    return key_file_in(tmp_path)


def _run(key_file: Path, door: Handler, command: str, typed: str | None = None) -> Done:
    return run_scripted(key_file, door, *shlex.split(command), typed=typed)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_verb_is_sent_after_a_look_and_a_question(key_file: Path, verb: Verb) -> None:
    """The case is shown, yes is typed, and one request carries ticket, words and what was seen."""
    door = Door()
    done = _run(key_file, door, f"{verb.name} {WITHDRAWAL} --words 'a reason' --ticket sp-1", "y\n")
    content = {"content_hash": CONTENT} if verb.names_content else {}
    assert door.sent == [(f"{PATH}/{verb.name}", {"ticket": "sp-1", "words": "a reason", **content})]
    assert door.looks == 1
    assert done.code == 0
    assert done.out.splitlines()[0].startswith(f"✓ {verb.name}: The same bytes go to all nodes.")
    assert CASE["sentence"][:60] in done.err
    assert f"Send {verb.name}? [y/N]" in done.err
    assert "ticket sp-1" in done.err


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_sent(key_file: Path, typed: str) -> None:
    """No, an empty line, or nobody there: exit code 2 and no request."""
    door = Door()
    done = _run(key_file, door, f"resume {WITHDRAWAL} --words x", typed)
    assert (done.code, done.out, door.sent) == (2, "", [])
    assert done.err.rstrip().endswith("Nothing was sent.")


def test_yes_asks_nothing_and_binds_to_the_case_as_it_stands(key_file: Path) -> None:
    """A script that says --yes names the present content; a verb that changes nothing names none."""
    door = Door()
    assert _run(key_file, door, f"resume {WITHDRAWAL} --words x --yes").code == 0
    assert door.sent[0][1]["content_hash"] == CONTENT
    assert _run(key_file, door, f"check-now {WITHDRAWAL} --words x --yes").code == 0
    assert "content_hash" not in door.sent[1][1]
    assert door.looks == 1


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS if verb.is_looked_at])
def test_nobody_agrees_to_what_nobody_saw(key_file: Path, verb: str) -> None:
    """Where a person answers for the content, --yes needs the hash of what that person looked at."""
    door = Door()
    done = _run(key_file, door, f"{verb} {WITHDRAWAL} --words x --yes")
    assert (done.code, door.sent, door.looks) == (2, [], 0)
    assert "--content-hash" in done.err
    assert (
        _run(key_file, door, f"{verb} {WITHDRAWAL} --words x --yes --content-hash {OTHER_CONTENT}").code == 0
    )
    assert door.sent[0][1]["content_hash"] == OTHER_CONTENT


def test_one_more_person_is_said_in_one_sentence(key_file: Path) -> None:
    """The first of two people reads that it is not done yet; that is no failure."""
    done = _run(key_file, Door(ONE_MORE), f"cancel-by-self-send {WITHDRAWAL} --words x", "y\n")
    assert done.code == 0
    assert done.out.splitlines()[0] == "… cancel-by-self-send: Recorded; one more person must agree."


def test_a_cap_is_a_whole_number_of_units(key_file: Path) -> None:
    """Only bump-fee takes a cap, and it passes as it was typed."""
    door = Door()
    assert _run(key_file, door, f"bump-fee {WITHDRAWAL} --words x --yes --cap 20000000000000000").code == 0
    assert door.sent[0][1]["cap"] == "20000000000000000"
    assert _run(key_file, door, f"bump-fee {WITHDRAWAL} --words x --yes --cap 0.1").code == 2
    assert _run(key_file, door, f"resume {WITHDRAWAL} --words x --yes --cap 1").code == 2
    assert len(door.sent) == 1


def test_drawn_tickets_differ(key_file: Path) -> None:
    """Two acts are never one by accident, and each ticket has the form the API takes."""
    door = Door()
    for _ in range(2):
        assert _run(key_file, door, f"rebroadcast {WITHDRAWAL} --words x --yes").code == 0
    first, second = (body["ticket"] for _, body in door.sent)
    assert first != second
    assert first.startswith("cli-")


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_refusal_has_its_exit_code(key_file: Path, code: str) -> None:
    """What is final exits with 1; what may be asked again, or is not known, with 3 and how to ask again."""
    entry = TABLE[code]
    is_final = entry.retry == "none" and entry.status < 500
    done = _run(
        key_file, Door(_problem(code)), f"resume {WITHDRAWAL} --words 'it''s paid' --ticket sp-9 --yes"
    )
    assert done.code == (1 if is_final else 3)
    shown = entry.shown_as or code
    sentence = entry.title if entry.shown_as else f"The sentence of {code}."
    assert f"{shown} {sentence}" in done.err.splitlines()
    assert ("Ask again with the same ticket:" in done.err) == (not is_final)
    assert "Traceback" not in done.err


UNKNOWN = [
    httpx.ConnectError("no route to host"),
    httpx.ReadTimeout("timed out"),
    httpx.RemoteProtocolError("the server hung up"),
    KeyboardInterrupt(),
    httpx.Response(502, text="<html>bad gateway</html>"),
    httpx.Response(200, text="hello"),
    httpx.Response(200, json=["not", "ours"]),
    httpx.Response(302, headers={"Location": "https://elsewhere"}),
    httpx.Response(404, json={"detail": "Not Found"}),
]


@pytest.mark.parametrize("answer", UNKNOWN, ids=repr)
def test_an_unknown_end_can_be_repeated_exactly(
    key_file: Path, answer: httpx.Response | BaseException
) -> None:
    """Whatever kept the answer away, the printed command sends the same request once more."""
    words = 'it\'s topped up; "really"'
    door = Door(answer)
    first = _run(key_file, door, f"resume {WITHDRAWAL} --words {shlex.quote(words)} --yes")
    assert (first.code, first.out) == (3, "")
    again = first.err.splitlines()[-1]
    program, *arguments = shlex.split(again)
    assert program == "croupier"
    assert run_scripted(key_file, door, *arguments, "--yes").code == 3
    assert door.sent[0] == door.sent[1]
    assert door.sent[0][1]["words"] == words


def test_json_prints_the_answer_and_its_ticket(key_file: Path) -> None:
    """Programs read the document on stdout, after a refusal too, and the exit code says which it was."""
    done = _run(key_file, Door(), f"resume {WITHDRAWAL} --words x --yes --json --ticket sp-3")
    assert json.loads(done.out) == {**DONE, "ticket": "sp-3"}
    refused = _run(key_file, Door(_problem("TOO_LATE")), f"resume {WITHDRAWAL} --words x --yes --json")
    assert (refused.code, json.loads(refused.out)["code"]) == (1, "TOO_LATE")
    lost = _run(
        key_file, Door(httpx.ReadTimeout("")), f"resume {WITHDRAWAL} --words x --yes --json --ticket sp-4"
    )
    assert (lost.code, json.loads(lost.out)["ticket"]) == (3, "sp-4")


# what was typed wrongly
WRONG = [
    "",
    "pay-again",
    "resume",
    f"resume {WITHDRAWAL}",
    "resume 17 --words x",
    f"resume {WITHDRAWAL} --words ' '",
    f"resume {WITHDRAWAL} --words {'x' * 2001}",
    f"resume {WITHDRAWAL} --words x --ticket 'two words'",
    f"resume {WITHDRAWAL} --words x --ticket {'x' * 65}",
    "withdrawals --limit 0",
    "withdrawal",
]


@pytest.mark.parametrize("command", WRONG)
def test_wrong_usage_sends_nothing(key_file: Path, command: str) -> None:
    """A mistyped command is exit code 2, and nothing is asked."""
    door = Door()
    done = _run(key_file, door, command, "y\n")
    assert (done.code, done.out, door.looks, door.sent) == (2, "", 0, [])
    assert done.err


@pytest.mark.parametrize("text", ["", "\n", "two words", "x" * 300, "clé", "a\nb"])
def test_a_file_without_a_key_is_wrong_usage(tmp_path: Path, text: str) -> None:
    """The file has to hold one key, and what it holds instead is never repeated."""
    file = tmp_path / "key"
    file.write_text(text, encoding="utf-8")
    done = run_scripted(file, Door(), "withdrawals")
    assert done.code == 2
    assert not text.strip() or text.strip() not in done.err


def test_a_missing_key_file_is_wrong_usage(tmp_path: Path) -> None:
    """It is named with the reason."""
    done = run_scripted(tmp_path / "nowhere", Door(), "withdrawals")
    assert (done.code, "nowhere" in done.err, "No such file" in done.err) == (2, True, True)


def test_an_answer_of_another_form_is_no_crash(key_file: Path) -> None:
    """A field that is missing is said without a stack, and is not taken for success."""
    done = run_scripted(key_file, lambda _: httpx.Response(200, json={"items": [{}]}), "withdrawals")
    assert done.code == 3
    assert done.err.startswith("NOT_UNDERSTOOD")


def test_pages_are_followed_to_the_limit(key_file: Path) -> None:
    """A page may be empty while others follow; the limit ends it, and that is said."""
    asked = []

    def door(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        number = len(asked)
        items = [] if number == 1 else [{**CASE, "player_id": f"p-{number}"}]
        return httpx.Response(200, json={"items": items, "next": f"c{number}"})

    done = run_scripted(key_file, door, "withdrawals", "--waiting", "--limit", "2", "--json")
    assert [page.get("cursor") for page in asked] == [None, "c1", "c2"]
    assert {page["state"] for page in asked} == {"waiting"}
    assert [item["player_id"] for item in json.loads(done.out)["items"]] == ["p-2", "p-3"]
    assert "more than 2" in done.err

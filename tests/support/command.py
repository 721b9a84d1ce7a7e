"""The `croupier` command in a test, against a scripted operator listener or a real one."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from click.testing import CliRunner
from fastapi import FastAPI

from api.cli.main import main
from api.cli.terminal import Terminal
from api.cli.wording import moment
from devstack.processes import LOCALHOST, free_port
from devstack.runs import CHECKOUT
from tests.support.door import OPERATOR_KEY

NOW = moment("2026-11-20T16:19:00Z")
SERVING_POLL_SECONDS = 0.01

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it said: answers in `out`, all else in `err`."""

    code: int
    out: str
    err: str


def run_scripted(key_file: Path, handler: Handler, *arguments: str, typed: str | None = None) -> Done:
    """Run a command in this process whose requests a function answers."""
    terminal = Terminal(NOW, httpx.MockTransport(handler))
    with CliRunner().isolation(input=typed) as (out, err, _):
        code = main(["--key-file", str(key_file), *arguments], terminal)
        sys.stdout.flush()
        sys.stderr.flush()
        return Done(code, out.getvalue().decode(), err.getvalue().decode())


async def run_command(url: str, key_file: Path, *arguments: str, typed: str = "") -> Done:
    """Run a command as a process of its own against a listener that serves at `url`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
        env={**os.environ, "CROUPIER_URL": url, "CROUPIER_OPERATOR_KEY_FILE": str(key_file)},
    )
    out, err = await process.communicate(typed.encode())
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application on the loopback address, in this event loop; yields its URL."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host=LOCALHOST, port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server ended before it served"
        await asyncio.sleep(SERVING_POLL_SECONDS)
    try:
        yield f"http://{LOCALHOST}:{port}"
    finally:
        server.should_exit = True
        await task


def key_file_in(directory: Path, key: str = OPERATOR_KEY, name: str = "operator.key") -> Path:
    """A file that holds one operator key, as an editor would save it."""
    file = directory / name
    file.write_text(key + "\n", encoding="ascii")
    return file


def answering(document: dict[str, Any], status: int = 200) -> Handler:
    """Answers every request alike."""
    return lambda _: httpx.Response(status, json=document)

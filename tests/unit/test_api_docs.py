"""The page that shows the API needs nothing from outside."""

import re

import httpx
import pytest

from api.app import Listener, create_app
from tests.support.door import door_resources


@pytest.mark.parametrize("listener", list(Listener))
async def test_the_docs_open_without_a_network(listener: Listener) -> None:
    """Script and style of the page are served by the listener itself."""
    app = create_app(listener, await door_resources())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        page = await http.get("/docs")
        assert page.status_code == 200
        assets = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', page.text)
        assert len(assets) == 2
        for asset in assets:
            assert asset.startswith("/")
            assert (await http.get(asset)).status_code == 200

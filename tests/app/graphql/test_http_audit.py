"""The whole audit of GraphQL over HTTP, run by its own reference implementation against a real server."""

import json

import pytest

from tests.app.graphql.http_world import TOKEN, served
from tests.node_programs import run_node


@pytest.mark.timeout(120)
async def test_the_audit_of_graphql_over_http_passes() -> None:
    """No MUST and no SHOULD fails, and no MAY either."""
    async with served() as (client, _):
        output = await run_node("audit.js", str(client.base_url), TOKEN)

    results = [json.loads(line) for line in output.splitlines()]
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) >= 60
    assert sum(result["name"].startswith("MUST") for result in results) >= 10

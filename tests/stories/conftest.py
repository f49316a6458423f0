"""Stories are coroutines: `async def test_...`. Each is told on uvloop, the daemon's loop, and on asyncio's."""

from __future__ import annotations

import asyncio
import inspect

import pytest
import uvloop

LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture(params=LOOPS, autouse=True)
def loop(request: pytest.FixtureRequest) -> str:
    """The event loop that a story runs on."""
    name: str = request.param
    return name


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a story to its end."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    with asyncio.Runner(loop_factory=LOOPS[pyfuncitem.funcargs["loop"]]) as runner:
        runner.run(pyfuncitem.obj(**arguments))
    return True

"""A stage for each journey: the demo in a folder of its own, and one Chromium for all."""

from __future__ import annotations

import asyncio
import inspect
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from bot.demo import RULES
from tests.support import browser, stage

HERE = Path(__file__).parent
AS_EVER = (stage.HOLD, stage.QUIET, stage.LIMITS)


def pytest_collection_modifyitems(items):
    """Run this folder's tests on one loop, the browser's, and mark them as what they are."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)
            if inspect.iscoroutinefunction(item.function):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if {"play", "hall"} & set(item.fixturenames):
                item.add_marker(pytest.mark.browser)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium():
    async with browser.chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(tmp_path_factory):
    """A furnished folder, to copy from."""
    return await stage.furnished(tmp_path_factory.mktemp("furnished") / "demo")


class Wings:
    """Stages in waiting: the next one is put up while a journey is under way, and an old one taken down meanwhile."""

    def __init__(self, template, folder):
        self._template = template
        self._folder = folder
        self._count = 0
        self._next = None
        self._ending = []

    async def take(self, *settings):
        """Return a running stage and what ends it; one with settings of its own is put up for the asking."""
        if settings != AS_EVER:
            return await self._put_up(*settings)
        found = await (self._next or self._put_up())
        self._next = asyncio.create_task(self._put_up())
        return found

    async def _put_up(self, *settings):
        self._count += 1
        ends = AsyncExitStack()
        folder = stage.copy(self._template, self._folder / f"demo-{self._count}")
        return await ends.enter_async_context(stage.raised(folder, *settings)), ends

    def take_down(self, ends):
        self._ending.append(asyncio.create_task(ends.aclose()))

    async def close(self):
        if self._next is not None:
            _, ends = await self._next
            self.take_down(ends)
        await asyncio.gather(*self._ending)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def wings(template, tmp_path_factory):
    made = Wings(template, tmp_path_factory.mktemp("wings"))
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def play(chromium, wings, request):
    """A stage of one's own, with a desktop window: nobody has asked for anything yet."""
    hold, shipped, told, limits = map(request.node.get_closest_marker, ("hold", "as_shipped", "settings", "limits"))
    more = RULES if shipped else told.args[0] if told else stage.QUIET
    raised, ends = await wings.take(
        hold.args[0] if hold else stage.HOLD, more, limits.args[0] if limits else stage.LIMITS
    )
    try:
        async with browser.window(chromium) as window:
            raised.window = window
            yield raised
    finally:
        wings.take_down(ends)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hall(chromium, template, tmp_path_factory):
    """A stage that a module shares: for journeys that reset nothing."""
    async with AsyncExitStack() as ends:
        folder = stage.copy(template, tmp_path_factory.mktemp("hall") / "demo")
        raised = await ends.enter_async_context(stage.raised(folder))
        raised.window = await ends.enter_async_context(browser.window(chromium))
        yield raised


class Pictures:
    """The pictures of the README, taken by the journey itself where REKEY_PICTURES=1 asks for them."""

    folder = HERE.parent.parent / "docs" / "images"
    wanted = os.environ.get("REKEY_PICTURES") == "1"

    async def take(self, viewer, name, *, top=False):
        """Take a picture; with `top`, of the beginning of what the modal shows."""
        if self.wanted:
            if top:
                await viewer.modal.locator(".modal-body").evaluate("body => body.scrollTo(0, 0)")
            await viewer.page.screenshot(path=self.folder / f"{name}.png", animations="disabled")


@pytest.fixture
def pictures():
    return Pictures()

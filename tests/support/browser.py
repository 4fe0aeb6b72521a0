"""A person before the practice workspace's page, in a real Chromium. What they see is waited for, never slept for."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PICKUP_CODE = re.compile(r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$")
DESKTOP, HANDHELD = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
STANDING = "[data-testid=message]:not([data-testid=thread] *)"
PATIENCE = 10_000  # milliseconds; generous, since nothing waits longer than it must

expect.set_options(timeout=PATIENCE)


def demand() -> str:
    """Return Chromium's path; skip the test where it is missing, and fail it under CI, where it must not be."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        lack = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    return found


@asynccontextmanager
async def chromium():
    """Run one Chromium."""
    path = demand()
    async with async_playwright() as playwright:
        # A container's root has no namespaces for the sandbox, and its /dev/shm is small; only our own page is opened.
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def window(browser, size=DESKTOP, **more):
    """Open a browser window, and see at its end that no page had a fault."""
    context = await browser.new_context(viewport=size, locale="en-GB", timezone_id="UTC", **more)
    context.set_default_timeout(PATIENCE)
    faults = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    try:
        yield context
    finally:
        await context.close()
    assert not faults, faults


def _bytes(path):
    return Path(path).read_bytes()


class Viewer:
    """One person at the page.

    Attributes:
        page: Playwright's page.
        user: the Slack id of the person viewed.
    """

    def __init__(self, page, url, user):
        self.page = page
        self.url = url
        self.user = user

    # -- where one is ------------------------------------------------------------------------------------------

    async def open(self, place=""):
        """Open the page as this person, in a conversation (the first, if none is named)."""
        await self.page.goto(f"{self.url}/?as={self.user}{f'#{place}' if place else ''}")
        await self.ready()
        return self

    async def ready(self):
        """Wait until the page shows this person's workspace, and the bot hears."""
        await expect(self.page.locator("html")).to_have_attribute("data-ready", self.user)
        await self.connected()

    async def connected(self):
        await expect(self.page.get_by_test_id("bot-status")).to_have_attribute("data-state", "up", timeout=30_000)

    async def view_as(self, user):
        """Look through somebody else's eyes, with the page's own menu."""
        await self.page.get_by_test_id("view-as").click()
        await self.page.get_by_test_id(f"view-as-{user}").click()
        self.user = user
        await self.ready()

    async def go(self, name):
        """Go to a conversation by its name in the rail."""
        await self.page.bring_to_front()
        await self.rail(name).click()
        await expect(self.page.get_by_test_id("conversation-name")).to_have_text(name)

    def rail(self, name):
        return self.page.locator(f'#rail [data-name="{name}"]')

    async def to_app(self, tab="messages"):
        await self.go("Rekey")
        await self.page.get_by_test_id(f"app-tab-{tab}").click()

    # -- what one says and presses -----------------------------------------------------------------------------

    async def say(self, text):
        """Type into the composer and send."""
        await self.page.bring_to_front()  # a tab behind another one draws once a second, and clicks wait for that
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()

    def message(self, text):
        """Return the newest message with a text; what stands in a thread is not one, see `thread`."""
        return self.page.locator(STANDING).filter(has_text=text).last

    def button(self, action, within=None):
        return (within or self.page).locator(f'[data-action-id="{action}"]')

    @property
    def modal(self):
        return self.page.get_by_test_id("modal")

    async def titled(self, title):
        await expect(self.page.get_by_test_id("modal-title")).to_have_text(title)

    def field(self, action):
        return self.modal.locator(f'[data-action-id="{action}"]')

    def box(self, value):
        """Return a check box of the modal by the value of its option."""
        return self.modal.locator(f'input[type=checkbox][value="{value}"]')

    async def submit(self):
        await self.page.bring_to_front()
        await self.modal.get_by_test_id("modal-submit").click()

    async def leave(self):
        await self.modal.get_by_test_id("modal-close").click()
        await expect(self.modal).to_have_count(0)

    def fault(self, block):
        """Return the line with the error at a field."""
        return self.modal.locator(f'[data-block-id="{block}"] [data-testid=field-error]')

    # -- longer forms, files and threads -----------------------------------------------------------------------

    async def pick(self, action, text, words):
        """Type into a select and choose the option with these words; of several, one more."""
        await self.page.bring_to_front()
        await self.field(action).click()
        await self.field(action).press_sequentially(text)
        await self.page.get_by_test_id("option").filter(has_text=words).first.click()

    def chips(self, action):
        """Return what is chosen in a select that takes several."""
        return self.modal.locator(".combo", has=self.page.locator(f'[data-action-id="{action}"]')).locator(".chip")

    async def upload(self, action, name, data, mime="text/csv"):
        """Choose a file in a file_input, and wait until the workspace has it."""
        await self.field(action).set_input_files({"name": name, "mimeType": mime, "buffer": data})
        await expect(self.modal.get_by_test_id("chosen-file").filter(has_text=name)).to_be_visible()

    async def download(self, name, within=None):
        """Press a file's download link, and return its bytes."""
        card = (within or self.page).get_by_test_id("file").filter(has_text=name).last
        async with self.page.expect_download() as coming:
            await card.get_by_test_id("download").click()
        return _bytes(await (await coming.value).path())

    def thread(self, text):
        """Return the thread under the message with a text."""
        return self.message(text).locator("+ [data-testid=thread]")

    # -- the desk beside the workspace -------------------------------------------------------------------------

    async def phone_code(self):
        """Read the code off the phone, as a person does."""
        await self.page.get_by_test_id("tab-phone").click()
        code = self.page.get_by_test_id("totp-code")
        await expect(code).to_have_attribute("data-code", re.compile(r"^\d{6}$"))
        return await code.get_attribute("data-code")

    async def sign_in(self, login, password):
        """Try a password on the sign-in page; returns what that says."""
        page = self.page
        await page.bring_to_front()
        if not await page.get_by_test_id("signin-login").is_visible():
            await page.get_by_test_id("tab-signin").click()
        await page.get_by_test_id("signin-login").fill(login)
        await page.get_by_test_id("signin-password").fill(password)
        await page.get_by_test_id("signin-submit").click()
        await expect(page.get_by_test_id("signin-submit")).not_to_have_attribute("aria-busy", "true")
        await expect(page.get_by_test_id("signin-result")).not_to_be_empty()
        return await page.get_by_test_id("signin-result").inner_text()

    # -- whole acts --------------------------------------------------------------------------------------------

    async def form_for(self, whom):
        """Type the command and wait for the filled form."""
        await self.say(f"/reset-password {whom}")
        await expect(self.field("code_text")).to_be_visible()

    async def many(self, *, group="", pasted="", mail=True):
        """Fill the form of many at once, as far as it is given here; it stays open."""
        await self.say("/reset-password bulk")
        await self.titled("Reset many")
        if group:
            await self.pick("bulk_groups", group, group)
            await expect(self.chips("bulk_groups")).to_have_count(1)
        if pasted:
            await self.field("pasted_text").fill(pasted)
        if mail:
            await self.box("mail").check()

    async def previewed(self, people):
        """Send the form of many, and wait for the preview; `people` as its title counts them: "150 people"."""
        await self.submit()
        title = self.modal.locator(".block-title").first
        await expect(title).to_have_text(f"{people} will be reset", timeout=30_000)

    async def confirmed(self, code, number=None):
        """Confirm the preview, and go to the bot's messages, where the run's own message is."""
        if number is not None:
            await self.field("number_text").fill(str(number))
        await self.field("code_text").fill(code)
        await self.submit()
        await self.titled("Begins soon")
        await self.leave()
        await self.to_app()

    async def press(self, action, message, *, confirm=False):
        """Press a button of a message, and say yes where it asks."""
        await self.page.bring_to_front()
        await self.button(action, message).click()
        if confirm:
            await self.page.get_by_test_id("confirm-yes").click()

    async def knows(self, how):
        """Say how the caller was verified, where the form asks."""
        await self.field("verified_pick").click()
        await self.page.get_by_test_id("option").filter(has_text=how).first.click()

    async def asked(self, code):
        """Enter the code, press *Reset*, and read the pickup code."""
        await self.field("code_text").fill(code)
        await self.submit()
        return await self.pickup_code()

    async def pickup_code(self):
        await self.titled("On its way")
        shown = self.modal.locator(".block-title").filter(has_text=PICKUP_CODE)
        await expect(shown).to_be_visible()
        return await shown.inner_text()

    async def collect(self, pickup):
        """In the app's messages: press *Show*, enter the pickup code, read the password, close the view."""
        await self.to_app()
        await self.button("show_password").last.click()
        await self.field("pickup_text").fill(pickup)
        await self.submit()
        password = await self.shown()
        await self.leave()
        return password

    async def shown(self):
        """Read the password off the view that reveals it."""
        await expect(self.modal).to_contain_text("Spelled:")
        return await self.modal.locator(".block-title").inner_text()

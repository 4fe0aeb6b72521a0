"""The same reset on a phone-sized window, and with nothing but the keyboard."""

from __future__ import annotations

import pytest_asyncio
from playwright.async_api import expect

from tests.support import browser
from tests.support.stage import GENERAL, MORGAN, ROBIN


@pytest_asyncio.fixture(loop_scope="session")
async def handheld(play, chromium):
    """A phone in the hand: 390 x 844, touched, no mouse."""
    async with browser.window(chromium, browser.HANDHELD, has_touch=True, is_mobile=True) as window:
        play.window = window
        yield play


async def fits_the_width(viewer):
    """Say whether nothing has to be scrolled sideways."""
    return await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_on_a_phone(handheld):
    """Command, form, code, pickup code, reveal: everything is reached by the thumb, and nothing runs off the side."""
    play = handheld
    morgan = await play.viewer(MORGAN, GENERAL)
    assert await fits_the_width(morgan)
    await morgan.page.get_by_test_id("composer").fill("/reset-password @robin")
    await morgan.page.get_by_test_id("send").tap()
    await expect(morgan.field("code_text")).to_have_count(1)
    assert await fits_the_width(morgan)
    await morgan.page.get_by_test_id("tab-phone").tap()
    code = await morgan.page.get_by_test_id("totp-code").get_attribute("data-code")
    await morgan.page.get_by_test_id("tab-workspace").tap()
    await morgan.field("code_text").fill(code)
    await morgan.modal.get_by_test_id("modal-submit").tap()
    pickup = await morgan.pickup_code()
    assert await fits_the_width(morgan)
    await morgan.modal.get_by_test_id("modal-close").tap()

    robin = await play.viewer(ROBIN)
    await robin.page.get_by_test_id("drawer").tap()
    await robin.rail("Rekey").tap()
    await robin.page.get_by_test_id("app-tab-messages").tap()
    await robin.button("show_password").tap()
    await robin.field("pickup_text").fill(pickup)
    await robin.modal.get_by_test_id("modal-submit").tap()
    password = await robin.shown()
    title = robin.modal.locator(".block-title")
    assert await title.evaluate("node => node.scrollWidth <= node.clientWidth"), "the password is cut off"
    assert await fits_the_width(robin)
    await robin.modal.get_by_test_id("modal-close").tap()
    assert play.fits("robin.meyer", password)
    assert "The password is right" in await robin.sign_in("robin.meyer", password)


async def focus(page):
    """Tell what has the focus: its test hook, action or text."""
    script = "e => [e.dataset.testid, e.dataset.actionId, e.value, e.innerText].filter(Boolean).join(' ')"
    return await page.evaluate(f"({script})(document.activeElement)")


async def tab_to(page, wanted, *, limit=40):
    """Press Tab until what is wanted has the focus."""
    seen = []
    for _ in range(limit):
        seen.append(await focus(page))
        if wanted in seen[-1]:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {wanted}: {seen}")


async def test_with_the_keyboard_alone(play):
    """No mouse at all: the focus goes into the modal, stays there, and comes back to where it was."""
    morgan = await play.viewer(MORGAN, GENERAL)
    keys = morgan.page.keyboard
    await tab_to(morgan.page, "composer")
    await keys.type("/reset-password @rob")
    await expect(morgan.page.get_by_test_id("option")).to_have_count(1)
    await keys.press("Enter")  # takes Robin
    await keys.press("Enter")  # sends
    await expect(morgan.field("code_text")).to_have_count(1)
    await tab_to(morgan.page, "code_text")
    await keys.type(play.code())
    await keys.press("Enter")
    pickup = await morgan.pickup_code()
    for _ in range(5):
        await keys.press("Tab")
        assert await morgan.page.evaluate("!!document.activeElement.closest('[data-testid=modal]')"), "focus left"
    await keys.press("Escape")
    await expect(morgan.modal).to_have_count(0)
    assert "composer" in await focus(morgan.page)

    robin = await play.viewer(ROBIN)
    keys = robin.page.keyboard
    await tab_to(robin.page, "conversation-C0")
    while "Rekey" not in await focus(robin.page):
        await keys.press("ArrowDown")
    await keys.press("Enter")
    await tab_to(robin.page, "app-tab-home")
    await keys.press("ArrowRight")
    await expect(robin.button("show_password")).to_have_count(1)
    await tab_to(robin.page, "show_password")
    await keys.press("Enter")
    await expect(robin.field("pickup_text")).to_be_focused()
    await keys.type(pickup)
    await keys.press("Enter")
    password = await robin.shown()
    await tab_to(robin.page, "modal-close")
    await keys.press("Enter")
    await expect(robin.modal).to_have_count(0)
    assert play.fits("robin.meyer", password)

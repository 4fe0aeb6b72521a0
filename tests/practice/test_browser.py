"""The page in a real Chromium: files and longer forms, and a message that is kept current while one works in it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support import browser
from tests.support.browser import Viewer

pytestmark = pytest.mark.browser
MORGAN, DESK = "U0MORGAN001", "C0ITDESK001"
NAMES = ("Robin Meyer", "Robin Ostrom", "Roberta Silva")
OPTIONS = [{"text": {"type": "plain_text", "text": name}, "value": f"acme:{n}"} for n, name in enumerate(NAMES)]


@pytest.fixture
async def sit(workspace, bot):
    """Answer a function that opens the page; the bot stands by."""
    async with browser.chromium() as running, browser.window(running) as window:

        async def open_page(place=DESK):
            return await Viewer(await window.new_page(), workspace.url, MORGAN).open(place)

        yield open_page


async def fits_the_width(viewer):
    return await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_form_with_a_file_and_several_people(sit, bot, workspace, build):
    """By keyboard and on a narrow window: a file of the wrong type is refused, the right one and the people arrive."""
    form = build.modal(
        build.field("csv", "csv_file", "file_input", filetypes=["csv"], max_files=1),
        build.field("who", "who_pick", "multi_external_select", min_query_length=2, max_selected_items=2),
        build.field("most", "most_number", "number_input", is_decimal_allowed=False, min_value="1"),
        build.field("start", "start_at", "datetimepicker"),
        build.field("list", "list_text", multiline=True) | {"optional": True},
        submit=build.text("Preview"),
    )
    bot.answers["block_suggestion"] = {"options": OPTIONS}
    page = await sit()
    await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=form)
    await page.page.set_viewport_size(browser.HANDHELD)
    await page.field("csv_file").set_input_files(
        {"name": "people.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"}
    )
    await expect(page.modal.get_by_test_id("file-problem")).to_contain_text("csv")
    await page.upload("csv_file", "people.csv", b"login\nrobin\n")
    await page.upload("csv_file", "again.csv", b"login\nrobin\nsasha\n")
    await expect(page.modal.get_by_test_id("chosen-file")).to_have_count(1)
    for name in NAMES[:2]:
        await page.field("who_pick").press_sequentially(name[:3])
        option = page.page.get_by_test_id("option").filter(has_text=name)
        await expect(option).to_be_visible()
        while await option.get_attribute("class") != "active":
            await page.page.keyboard.press("ArrowDown")
        await page.page.keyboard.press("Enter")
    await expect(page.chips("who_pick")).to_have_text(list(NAMES[:2]))
    await page.field("who_pick").press_sequentially("Rob")
    await expect(page.page.get_by_text("At most 2 can be chosen.")).to_be_visible()
    await page.page.keyboard.press("Escape")
    await page.field("most_number").fill("0")
    await page.field("start_at").fill("2031-03-02T12:30")
    await page.field("list_text").fill("robin\nsasha")
    await page.submit()
    await expect(page.fault("most")).to_have_text("Please enter 1 or more.")
    assert await fits_the_width(page)
    await page.field("most_number").fill("25")
    await page.submit()
    await expect(page.modal).to_have_count(0)
    while (payload := await bot.next())["type"] != "view_submission":
        pass
    values = payload["view"]["state"]["values"]
    [file] = values["csv"]["csv_file"]["files"]
    assert (file["name"], workspace.files.read(file["id"])) == ("again.csv", b"login\nrobin\nsasha\n")
    assert [one["value"] for one in values["who"]["who_pick"]["selected_options"]] == ["acme:0", "acme:1"]
    assert values["most"]["most_number"]["value"] == "25"
    assert values["start"]["start_at"]["selected_date_time"] == 1_930_221_000
    assert values["list"]["list_text"]["value"] == "robin\nsasha"
    await page.page.get_by_test_id("tab-files").click()
    mine = page.page.get_by_test_id("my-files")
    assert await page.download("again.csv", mine) == b"login\nrobin\nsasha\n"
    await mine.get_by_test_id("file").filter(has_text="again.csv").get_by_test_id("delete-file").click()
    await expect(mine.get_by_test_id("file")).to_have_text(["people.csvCSV · 12 bytes"])


async def test_a_file_and_a_thread_of_the_apps(sit, bot, workspace, clock):
    """A report in a thread stands under its message, folds away, and is downloaded; once deleted, it says so."""
    posted = await bot.client.chat_postMessage(channel=DESK, text="Bulk reset done")
    page = await sit()
    await bot.client.files_upload_v2(
        channel=DESK, thread_ts=posted["ts"], filename="report.csv", content="login\n", initial_comment="The report"
    )
    thread = page.thread("Bulk reset done")
    await expect(thread.get_by_test_id("thread-words")).to_have_text("1 reply")
    await expect(thread.get_by_test_id("message")).to_contain_text("The report")
    assert await page.download("report.csv", thread) == b"login\n"
    await thread.get_by_test_id("thread-words").press("Enter")
    await expect(thread.get_by_test_id("message")).to_be_hidden()
    clock.tick(seconds=1)
    await bot.client.chat_postMessage(channel=DESK, text="Another", thread_ts=posted["ts"])
    await expect(thread.get_by_test_id("thread-words")).to_have_text("2 replies")
    await expect(thread.get_by_test_id("message").first).to_be_hidden()
    await thread.get_by_test_id("thread-words").press("Enter")
    [file] = next(one for one in workspace.world.history(DESK) if "files" in one)["files"]
    await bot.client.files_delete(file=file["id"])
    await expect(thread.get_by_test_id("file-gone")).to_be_visible()


async def test_a_live_message_stays_under_the_hand(sit, bot, build, clock):
    """Updated again and again, it moves nothing: focus, an open menu, what is chosen, and the place where one reads."""
    button = {"type": "button", "action_id": "bulk_pause", "text": build.text("Pause"), "value": "7"}
    choice = {"type": "static_select", "action_id": "bulk_why", "options": OPTIONS}
    controls = {"type": "actions", "elements": [button, choice]}  # no block_id: Slack gives another one each time

    def blocks(done):
        return [build.section(f"{'▓' * done}{'░' * (9 - done)} {done} of 9", block_id="bar"), controls]

    async def say(number):
        clock.tick(seconds=1)
        await bot.client.chat_postMessage(channel=DESK, text=f"Message {number}")

    for number in range(20):
        await say(number)
    clock.tick(seconds=1)
    live = await bot.client.chat_postMessage(channel=DESK, text="0 of 9", blocks=blocks(0))
    for number in range(20, 30):
        await say(number)
    page = await sit()
    message = page.page.locator(f'[data-ts="{live["ts"]}"]')

    async def update(done):
        await bot.client.chat_update(channel=DESK, ts=live["ts"], text=f"{done} of 9", blocks=blocks(done))
        await expect(message).to_contain_text(f"{done} of 9")

    await page.button("bulk_pause").focus()
    top = await message.evaluate("node => node.getBoundingClientRect().top")
    await update(1)
    await expect(page.button("bulk_pause")).to_be_focused()
    assert await message.evaluate("node => node.getBoundingClientRect().top") == top
    await message.get_by_test_id("message-menu").click()
    await update(2)
    await expect(page.page.get_by_test_id("copy-text")).to_be_visible()
    await page.page.keyboard.press("Escape")
    await expect(message.get_by_test_id("message-menu")).to_be_focused()
    await update(3)
    await expect(message.get_by_test_id("message-menu")).to_be_focused()


async def test_a_live_home_stays_under_the_hand(sit, bot, build, workspace):
    """A running job's bar is drawn anew in the Home; the menu that one has open there stays."""
    menu = {"type": "overflow", "action_id": "job_menu", "options": OPTIONS}

    async def publish(done):
        blocks = [build.section(f"{done} of 9", block_id="bar"), build.section("Job", block_id="job", accessory=menu)]
        await bot.client.views_publish(user_id=MORGAN, view={"type": "home", "blocks": blocks})

    await publish(0)
    page = await sit(workspace.world.direct(MORGAN).id)
    await page.button("job_menu").click()
    for done in (1, 2):
        await publish(done)
        await expect(page.page.get_by_test_id("home")).to_contain_text(f"{done} of 9")
    await expect(page.page.get_by_text(NAMES[0])).to_be_visible()
    await page.page.keyboard.press("Escape")
    await expect(page.button("job_menu")).to_be_focused()


async def test_a_live_modal_stays_under_the_hand(sit, bot, build, workspace):
    """An update while one searches changes what it changes, and leaves the list open that one was choosing from."""
    who = build.field("who", "who_pick", "multi_external_select", min_query_length=2)
    csv = build.field("csv", "csv_file", "file_input")

    def form(words):
        return build.modal(build.section(words, block_id="count"), who, csv, submit=build.text("Preview"))

    bot.answers["block_suggestion"] = {"options": OPTIONS}
    page = await sit()
    opened = await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=form("none"))
    await page.upload("csv_file", "people.csv", b"login\n")
    await page.field("who_pick").press_sequentially("Rob")
    option = page.page.get_by_test_id("option").filter(has_text=NAMES[1])
    await expect(option).to_be_visible()
    await bot.client.views_update(view_id=opened["view"]["id"], view=form("340 of 1,000 looked up"))
    await expect(page.modal).to_contain_text("340 of 1,000 looked up")
    await expect(page.field("who_pick")).to_have_value("Rob")
    await option.click()
    await expect(page.chips("who_pick")).to_have_text([NAMES[1]])
    await expect(page.modal.get_by_test_id("chosen-file")).to_have_count(1)
    await page.submit()
    await expect(page.modal).to_have_count(0)

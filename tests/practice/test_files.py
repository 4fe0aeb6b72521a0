"""Files: chosen by a person in a form, read by the app; sent by the app, downloaded by a person; deleted by either."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from practice.errors import CannotDo
from practice.people import REKEY
from practice.server import Workspace
from tests.support import specs
from tests.support.hands import Hands

MORGAN, ROBIN, DESK, SHARED = "U0MORGAN001", "U0ROBIN0001", "C0ITDESK001", "C0SHARED001"
CSV = b"login\nrobin.meyer\nsasha.okafor\n"


@pytest.fixture
async def workspace(clock, limits):
    """A workspace with small limits."""
    made = Workspace(clock=clock, limits=dataclasses.replace(limits, file_input=1000, upload=2000))
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def morgan(workspace, bot, build):
    """Morgan's hands, with a form open that asks for a file."""
    field = build.field("csv", "csv_file", "file_input", filetypes=["csv", "txt"], max_files=2)
    form = build.modal(field, submit=build.text("Next"))
    await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=form)
    return Hands(workspace, MORGAN)


@pytest.fixture
async def file(workspace, client):
    """A file that the app has said in Morgan's direct messages; as files.info describes it."""
    channel = (await client.conversations_open(users=MORGAN))["channel"]["id"]
    sent = await client.files_upload_v2(channel=channel, filename="Übersicht 1.csv", title="Report", content=CSV)
    return (await client.files_info(file=sent["files"][0]["id"]))["file"]


@pytest.fixture
def put(http):
    """Answer a function that POSTs bytes to an upload's address and answers status and text."""

    async def send(begun, data):
        async with http.post(begun["upload_url"], data=data) as response:
            return response.status, await response.text()

    return send


def bearer(workspace):
    return {"Authorization": f"Bearer {workspace.bot_token}"}


async def test_a_chosen_file_stands_in_the_submission(morgan, bot, workspace, http):
    """Slack's whole object, by Slack's own types where they are at hand; its bytes come by its address."""
    chosen = await morgan.upload("csv", "People.CSV", CSV)
    await morgan.send(csv=chosen)
    payload = await bot.next()
    state = payload["view"]["state"]["values"]["csv"]["csv_file"]
    assert (state["type"], state["files"]) == ("file_input", [chosen])
    facts = ("name", "filetype", "mimetype", "size", "user", "user_team", "mode", "is_public")
    assert [chosen[fact] for fact in facts] == [
        *("People.CSV", "csv", "text/csv", len(CSV), MORGAN, workspace.world.team, "hosted", False)
    ]
    assert chosen["url_private"].endswith(f"-{chosen['id']}/people.csv")
    assert (await bot.client.files_info(file=chosen["id"]))["file"] == chosen
    async with http.get(chosen["url_private_download"], headers=bearer(workspace)) as response:
        assert (response.status, response.content_type, response.content_length) == (200, "text/csv", len(CSV))
        assert await response.read() == CSV


async def test_the_submission_has_slacks_shape(morgan, bot):
    """X_ViewSubmit."""
    await morgan.send(csv=await morgan.upload("csv", "a.csv", CSV))
    payload = {key: value for key, value in (await bot.next()).items() if key != "enterprise"}
    assert [error.message for error in specs.inbound("X_ViewSubmit").iter_errors(payload)] == []


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [("a.exe", b"MZ", "csv, txt"), ("csv", b"x", "csv, txt"), ("a.csv", b"x" * 1001, "too big")],
)
async def test_slacks_client_keeps_a_file_back(morgan, workspace, name, data, words):
    """By its ending and by its size; nothing of it stays."""
    with pytest.raises(CannotDo, match=words):
        await morgan.upload("csv", name, data)
    assert workspace.files.of(MORGAN) == []


async def test_another_client_may_send_any_type(morgan, bot):
    """The list of types is a convenience: the app has to look for itself."""
    await morgan.send(csv=await morgan.upload("csv", "a.exe", b"MZ", any_type=True))
    [file] = (await bot.next())["view"]["state"]["values"]["csv"]["csv_file"]["files"]
    assert (file["name"], file["filetype"]) == ("a.exe", "binary")


async def test_no_more_files_than_asked_for(morgan):
    """max_files holds for a page that would send more."""
    with pytest.raises(CannotDo, match="at most 2"):
        await morgan.send(csv=[await morgan.upload("csv", f"{n}.csv", CSV) for n in range(3)])


async def test_only_ones_own_files_are_sent(morgan, bot, workspace, file):
    """The id of somebody else's file, or of none, in a forged page."""
    for forged in (file, {"id": "F0NOWHERE01"}):
        with pytest.raises(CannotDo, match="Choose it again"):
            await morgan.send(csv=forged)
    assert bot.heard.empty()


async def test_a_required_file_is_demanded(morgan):
    """An empty list is an empty field."""
    assert await morgan.send(csv=[]) == {"errors": {"csv": "Please complete this required field."}}


async def test_without_the_token_there_is_a_page_to_sign_in(workspace, file, http):
    """200 and HTML, as Slack answers: only the type tells that these are not the bytes."""
    for headers in ({}, {"Authorization": "Bearer xoxb-wrong"}, {"Authorization": workspace.bot_token}):
        async with http.get(file["url_private"], headers=headers) as response:
            assert (response.status, response.content_type) == (200, "text/html")
            assert CSV not in await response.read()


async def test_a_person_deletes_a_file(morgan, bot, workspace, http, refused):
    """files.info says file_deleted, the address 404; of a file that never was, file_not_found."""
    chosen = await morgan.upload("csv", "a.csv", CSV)
    with pytest.raises(CannotDo):
        await Hands(workspace, ROBIN).delete(chosen)
    await morgan.delete(chosen)
    assert (await refused(bot.client.files_info(file=chosen["id"])))["error"] == "file_deleted"
    assert (await refused(bot.client.files_info(file="F0NOWHERE01")))["error"] == "file_not_found"
    async with http.get(chosen["url_private_download"], headers=bearer(workspace)) as response:
        assert response.status == 404
    with pytest.raises(OSError, match=chosen["id"]):
        morgan.read(chosen)


async def test_the_app_sends_a_file(workspace, client, file):
    """A message with the file; what Slack's answer leaves open, files.info tells: the type, and where it was said."""
    channel = workspace.world.direct(MORGAN).id
    [message] = workspace.world.history(channel)
    assert file["shares"]["private"][channel][0]["ts"] == message["ts"]
    assert (file["ims"], file["title"], file["name"], file["size"]) == (
        [channel],
        "Report",
        "Übersicht 1.csv",
        len(CSV),
    )
    assert message["files"] == [file]
    assert Hands(workspace, MORGAN).shared() == [file]
    assert Hands(workspace, MORGAN).read(file) == CSV
    assert specs.faults(workspace.traffic) == []


async def test_a_comment_a_thread_and_blocks(client, workspace, build, put):
    """initial_comment and thread_ts go with the file; blocks stand in the message."""
    posted = await client.chat_postMessage(channel=DESK, text="Bulk reset")
    begun = await client.files_getUploadURLExternal(filename="r.csv", length=len(CSV))
    await put(begun, CSV)
    done = await client.files_completeUploadExternal(
        files=[{"id": begun["file_id"]}],
        channel_id=DESK,
        thread_ts=posted["ts"],
        initial_comment="The report",
        blocks=json.dumps([build.section("The report, as blocks")]),
    )
    assert (done["files"][0]["id"], done["files"][0]["filetype"]) == (begun["file_id"], "")
    [reply] = workspace.world.thread(DESK, posted["ts"])
    assert (reply["text"], reply["blocks"][0]["text"]["text"]) == ("The report", "The report, as blocks")
    assert specs.faults(workspace.traffic) == []


async def test_without_a_channel_the_file_stays_private(client, workspace):
    """No message is said."""
    await client.files_upload_v2(filename="r.csv", content=CSV)
    assert workspace.world.history(workspace.world.direct(MORGAN).id) == []


async def test_a_persons_id_is_no_channel_here(client, refused, put):
    """Unlike chat.postMessage; and what was named wrongly can be ended rightly afterwards."""
    begun = await client.files_getUploadURLExternal(filename="r.csv", length=3)
    ended = {"files": [{"id": begun["file_id"]}]}
    assert (await refused(client.files_completeUploadExternal(**ended)))["error"] == "file_not_found"
    assert (await put(begun, b"abcd"))[0] == 400
    assert await put(begun, b"abc") == (200, "OK - 3")
    answer = await refused(client.files_completeUploadExternal(**ended, channel_id=MORGAN))
    assert answer["error"] == "invalid_arguments"
    assert "^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]" in answer["response_metadata"]["messages"][0]
    answer = await refused(client.files_completeUploadExternal(**ended, channel_id="C0GENERAL01"))
    assert answer["error"] == "not_in_channel"
    assert (await client.files_completeUploadExternal(**ended, channel_id=DESK))["ok"]
    assert (await refused(client.files_completeUploadExternal(**ended)))["error"] == "file_not_found"


async def test_a_file_is_not_uploaded_twice_nor_too_long(client, refused, put):
    """An address is good once; a length above the workspace's limit is refused at once."""
    answer = await refused(client.files_getUploadURLExternal(filename="r.csv", length=2001))
    assert answer["error"] == "file_upload_size_restricted"
    begun = await client.files_getUploadURLExternal(filename="r.csv", length=3)
    await put(begun, b"abc")
    assert (await put(begun, b"xyz"))[0] == 404


async def test_a_form_carries_the_bytes_too(client, put):
    """multipart/form-data, as curl -F sends it."""
    begun = await client.files_getUploadURLExternal(filename="r.csv", length=len(CSV))
    assert await put(begun, {"file": io.BytesIO(CSV)}) == (200, f"OK - {len(CSV)}")


async def test_the_app_deletes_its_own_files_only(client, refused, morgan, file, workspace):
    """The message stays and shows that the file is gone; a person's file needs that person."""
    chosen = await morgan.upload("csv", "a.csv", CSV)
    assert (await refused(client.files_delete(file=chosen["id"])))["error"] == "cant_delete_file"
    await client.files_delete(file=file["id"])
    assert (await refused(client.files_delete(file=file["id"])))["error"] == "file_deleted"
    assert morgan.shared() == [{"id": file["id"], "mode": "tombstone"}]


async def test_who_may_download_at_the_page(workspace, http, file):
    """Morgan, in whose messages it is; not Robin, not another site's page, and never as something that runs."""
    async with http.get(file["permalink"], params={"as": MORGAN}) as response:
        assert (response.status, await response.read()) == (200, CSV)
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
    async with http.get(file["permalink"], params={"as": ROBIN}) as response:
        assert response.status == 404
    foreign = {"Sec-Fetch-Site": "cross-site"}
    async with http.get(file["permalink"], params={"as": MORGAN}, headers=foreign) as response:
        assert response.status == 403


async def test_only_the_page_itself_uploads(workspace, http, morgan):
    """A foreign page's POST is turned away, as is one for a field that is not there."""
    query = {"as": MORGAN, "view_id": morgan.view.id, "block_id": "csv", "action_id": "csv_file", "name": "a.csv"}
    address = f"{workspace.url}/page/files"
    for origin in ({}, {"Origin": "https://evil.example"}):
        async with http.post(address, params=query, data=CSV, headers=origin) as response:
            assert response.status == 403
    headers = {"Origin": workspace.url}
    async with http.post(address, params=query | {"block_id": "other"}, data=CSV, headers=headers) as response:
        assert (await response.json())["ok"] is False
    async with http.post(address, params=query | {"as": ROBIN}, data=CSV, headers=headers) as response:
        assert (await response.json())["ok"] is False
    async with http.post(address, params=query, data=CSV, headers=headers) as response:
        assert (await response.json())["file"]["name"] == "a.csv"


@pytest.mark.parametrize(
    ("call", "scope"),
    [
        (lambda client: client.files_info(file="F0"), "files:read"),
        (lambda client: client.files_getUploadURLExternal(filename="a", length=1), "files:write"),
        (lambda client: client.files_completeUploadExternal(files=[{"id": "F0"}]), "files:write"),
        (lambda client: client.files_delete(file="F0"), "files:write"),
    ],
)
async def test_files_need_their_scopes(clock, limits, refused, call, scope):
    """missing_scope, as long as the manifest does not ask."""
    bare = dataclasses.replace(REKEY, scopes=REKEY.scopes - {"files:read", "files:write"})
    workspace = Workspace(clock=clock, limits=limits, app=bare)
    await workspace.start()
    try:
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        answer = await refused(call(client))
        assert (answer["error"], answer["needed"]) == ("missing_scope", scope)
    finally:
        await workspace.stop()


async def test_a_field_for_files_needs_the_scope_to_read_them(clock, limits, refused, build, http):
    """views.open refuses it; and what the app may not read is a page to sign in."""
    bare = dataclasses.replace(REKEY, scopes=REKEY.scopes - {"files:read", "files:write"})
    workspace = Workspace(clock=clock, limits=limits, app=bare)
    await workspace.start()
    try:
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        form = build.modal(build.field("csv", "csv_file", "file_input"), submit=build.text("Next"))
        answer = await refused(client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=form))
        assert (answer["error"], answer["needed"]) == ("missing_scope", "files:read")
        address = f"{workspace.url}/files-pri/{workspace.world.team}-F0NOWHERE01/a.csv"
        async with http.get(address, headers=bearer(workspace)) as response:
            assert (response.status, response.content_type) == (200, "text/html")
    finally:
        await workspace.stop()


async def test_downloads_and_uploads_meet_misfortunes(workspace, client, file, http, put):
    """Ordered as for any method: "files.download" and "files.upload"."""
    workspace.faults.answer("files.download", 503)
    workspace.faults.answer("files.upload", 500)
    statuses = []
    for _ in range(2):
        async with http.get(file["url_private"], headers=bearer(workspace)) as response:
            statuses.append(response.status)
    begun = await client.files_getUploadURLExternal(filename="r.csv", length=3)
    statuses += [(await put(begun, b"abc"))[0] for _ in range(2)]
    assert statuses == [503, 200, 500, 200]


async def test_files_are_kept_with_the_rest(clock, limits, tmp_path, http, put):
    """After a restart a file is at its new address, in messages as well; what was never completed is gone."""
    workspaces = [Workspace(clock=clock, limits=limits) for _ in range(2)]
    await workspaces[0].start(data=tmp_path / "kept")
    client = AsyncWebClient(token=workspaces[0].bot_token, base_url=workspaces[0].api_url)
    sent = await client.files_upload_v2(channel=DESK, filename="r.csv", content=CSV)
    begun = await client.files_getUploadURLExternal(filename="half.csv", length=3)
    assert (await put(begun, b"abc"))[0] == 200
    await workspaces[0].stop()
    await workspaces[1].start(data=tmp_path / "kept")
    client = AsyncWebClient(token=workspaces[1].bot_token, base_url=workspaces[1].api_url)
    file = (await client.files_info(file=sent["files"][0]["id"]))["file"]
    assert workspaces[1].world.history(DESK)[0]["files"] == [file]
    async with http.get(file["url_private"], headers=bearer(workspaces[1])) as response:
        assert await response.read() == CSV
    assert [path.name for path in (tmp_path / "kept" / "files").iterdir()] == [file["id"]]
    await workspaces[1].stop()


async def test_unkept_files_leave_nothing_behind(clock, limits):
    """Their folder goes with the workspace."""
    workspace = Workspace(clock=clock, limits=limits)
    await workspace.start()
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    sent = await client.files_upload_v2(channel=DESK, filename="r.csv", content=CSV)
    path = workspace.files.path(sent["files"][0]["id"])
    assert path.read_bytes() == CSV
    await workspace.stop()
    assert not path.parent.exists()

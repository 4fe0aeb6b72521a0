"""What files.* refuse before anything is uploaded, and downloads that never come."""

from __future__ import annotations

import aiohttp
import pytest


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"filename": "a.csv"}, "invalid_arguments"),
        ({"length": 3}, "invalid_arguments"),
        ({"filename": "a.csv", "length": "three"}, "invalid_arguments"),
        ({"filename": "a.csv", "length": -1}, "missing_argument"),
        ({"filename": "a.csv", "length": (1 << 30) + 1}, "file_upload_size_restricted"),
        ({"filename": "a.csv", "length": (1 << 20) + 1, "snippet_type": "csv"}, "snippet_too_large"),
    ],
)
async def test_an_upload_begins_with_a_name_and_a_length(client, refused, given, error):
    """Slack's words for each."""
    assert (await refused(client.api_call("files.getUploadURLExternal", params=given)))["error"] == error


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "invalid_arguments"),
        ({"files": "F0NOWHERE01"}, "invalid_arguments"),
        ({"files": '["F0NOWHERE01"]'}, "invalid_arguments"),
        ({"files": '[{"id": "F0NOWHERE01"}]'}, "file_not_found"),
        ({"files": '[{"id": "F0NOWHERE01"}]', "channel_id": "#it-desk"}, "invalid_arguments"),
        ({"files": '[{"id": "F0NOWHERE01"}]', "channel_id": "C0NOWHERE01"}, "channel_not_found"),
        ({"files": '[{"id": "F0NOWHERE01"}]', "blocks": '[{"type": "nonsense"}]'}, "invalid_blocks"),
    ],
)
async def test_an_upload_ends_with_what_was_begun(client, refused, given, error):
    """As a form with JSON inside, the way Slack's library sends it, and as JSON."""
    assert (await refused(client.api_call("files.completeUploadExternal", params=given)))["error"] == error


async def test_a_name_is_no_path(client, http, workspace):
    """Folders and what could not stand in a header are taken off; an unknown type is a binary."""
    begun = await client.files_getUploadURLExternal(filename='../..\\etc/pass"wd\n', length=1)
    async with http.post(begun["upload_url"], data=b"x") as response:
        assert response.status == 200
    await client.files_completeUploadExternal(files=[{"id": begun["file_id"]}])
    file = (await client.files_info(file=begun["file_id"]))["file"]
    assert (file["name"], file["filetype"]) == ("pass_wd_", "binary")
    assert file["url_private"].endswith("/pass_wd_")


async def test_a_download_may_never_come(http, workspace):
    """Silence until the caller gives up."""
    workspace.faults.silence("files.download")
    with pytest.raises(TimeoutError):
        await http.get(f"{workspace.url}/files-pri/T0-F0/a.csv", timeout=aiohttp.ClientTimeout(total=0.2))


async def test_nobody_uploads_as_a_bot_or_as_nobody(http, workspace):
    """Only those whom the page can look through have files."""
    for user in ("U0OTHERBOT1", "U0LEFT00001", "U0NOBODY001"):
        address = f"{workspace.url}/page/files?as={user}"
        async with http.post(address, data=b"x", headers={"Origin": workspace.url}) as response:
            assert response.status == 404

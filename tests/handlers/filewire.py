"""The small Slack with files: what people uploaded, what we send, and everybody of the workspace."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.slackwire import TOKEN, Wire


@dataclass
class FileWire(Wire):
    """`files` by id: {"user", "bytes", ...}; what else is in them replaces what files.info says."""

    files: dict = field(default_factory=dict)
    downloads: list = field(default_factory=list)  # what came to the file host: path and headers
    sent: list = field(default_factory=list)  # files of ours: {"name", "content", "channel_id", ...}
    page: bool = False  # the file host answers with a sign-in page
    answers: list = field(default_factory=list)  # what the file host answers instead, once each

    def more(self):
        """Return the file host's routes."""
        return [web.get("/files-pri/{id}/download/{name}", self._download), web.post("/upload/{id}", self._upload)]

    def upload(self, content, user="U0ADA", **facts):
        """Have somebody choose a file; returns its id."""
        file_id = f"F{len(self.files):04}"
        self.files[file_id] = {"user": user, "bytes": content, **facts}
        return file_id

    def _files_info(self, arguments):
        known = self.files.get(arguments["file"])
        if known is None:
            raise KeyError("file_not_found")
        facts = {
            "id": arguments["file"],
            "name": "people.csv",
            "mimetype": "text/csv",
            "mode": "hosted",
            "is_external": False,
            "size": len(known["bytes"]),
            "url_private": f"{self.url}/files-pri/{arguments['file']}/people.csv",
            "url_private_download": f"{self.url}/files-pri/{arguments['file']}/download/people.csv",
        }
        return {"file": facts | {key: value for key, value in known.items() if key != "bytes"}}

    async def _download(self, request):
        self.downloads.append((request.path, dict(request.headers)))
        if self.answers:
            return self.answers.pop(0)
        if self.page or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
        return web.Response(body=self.files[request.match_info["id"]]["bytes"], content_type="text/csv")

    def _files_getUploadURLExternal(self, arguments):  # noqa: N802 - Slack's own spelling
        file_id = f"FSENT{len(self.sent)}"
        self.sent.append({"id": file_id, "name": arguments["filename"], "length": int(arguments["length"])})
        return {"upload_url": f"{self.url}/upload/{file_id}", "file_id": file_id}

    async def _upload(self, request):
        one = next(one for one in self.sent if one["id"] == request.match_info["id"])
        one["content"] = await request.read()
        return web.Response(text="OK")

    def _files_completeUploadExternal(self, arguments):  # noqa: N802 - Slack's own spelling
        named = arguments["files"]
        for told in json.loads(named) if isinstance(named, str) else named:
            one = next(one for one in self.sent if one["id"] == told["id"])
            one |= {key: value for key, value in arguments.items() if key != "files"} | {"title": told.get("title")}
        return {"files": []}

    def _conversations_open(self, arguments):
        return {"channel": {"id": f"D{arguments['users']}"}}

    def _users_list(self, _):
        return {"members": list(self.people.values()), "response_metadata": {"next_cursor": ""}}

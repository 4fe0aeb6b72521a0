"""Which addresses are Slack's own place for files: the only ones to which a file, or our token, ever goes."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

SLACK_API, SLACK_FILES = "slack.com", "files.slack.com"
_HTTPS = 443


def is_slacks(url: str, api_url: str) -> bool:
    """Say whether an address is on Slack's file host; on loopback (a demo, a test), on the host of the API itself.

    Args:
        url: what a payload or an answer named. It is not trusted.
        api_url: the operator's `slack.api_url`.
    """
    try:
        at, api = urlsplit(url), urlsplit(api_url)
        port = at.port
        same = (at.scheme, at.hostname, port) == (api.scheme, api.hostname, api.port)
    except ValueError:
        return False
    if at.username is not None or at.password is not None:
        return False
    if _is_loopback(api.hostname or ""):
        return same
    return api.hostname in {SLACK_API, f"www.{SLACK_API}"} and _is_files(at.scheme, at.hostname, port)


def _is_files(scheme: str, host: str | None, port: int | None) -> bool:
    return scheme == "https" and host == SLACK_FILES and port in {None, _HTTPS}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""When things go wrong every connector says so, and no more than so."""

from __future__ import annotations

import pytest

from directory.base import BadAnswer, Directory, DirectoryError, NotNow, Unreachable
from directory.secret import Secret
from tests.directory.contract import CALLS, NEW, OLD, POLICY, again, everyone, made
from tests.directory.harness import Harness, Sign


async def test_no_answer_is_unreachable(harness: Harness, directory: Directory) -> None:
    """A directory that is down raises its DirectoryError from every method, and nothing else."""
    account = await made(harness, directory)
    await harness.cut_off()
    with pytest.raises(harness.unreachable):
        await directory.find("ada.lovelace")
    with pytest.raises(harness.unreachable):
        await directory.fetch([account.id])
    with pytest.raises(harness.unreachable):
        await everyone(directory)
    with pytest.raises(harness.unreachable) as caught:
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert not getattr(caught.value, "sent", False)
    for capability in set(CALLS) & directory.capabilities:
        with pytest.raises(DirectoryError):
            await CALLS[capability](directory, account)


async def test_check_says_ok_and_changes_nothing(harness: Harness, directory: Directory) -> None:
    """A sound directory gives findings, and the account is as it was."""
    account = await made(harness, directory)
    findings = await directory.check()
    assert findings
    assert all(finding.what for finding in findings)
    assert any(finding.ok for finding in findings)
    assert all(finding.remedy == "" for finding in findings if finding.ok)
    assert await again(directory, account) == account


async def test_check_never_raises(harness: Harness, directory: Directory) -> None:
    """A directory that is down is a finding with a remedy."""
    await harness.cut_off()
    findings = await directory.check()
    assert any(not finding.ok and finding.remedy for finding in findings)


async def test_a_missing_right_is_told(harness: Harness, directory: Directory) -> None:
    """Without the right to write, set_password says so, nothing has changed, and reading goes on."""
    account = await made(harness, directory)
    await harness.withdraw_right()
    with pytest.raises(harness.refused):
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert (await again(directory, account)).marker == account.marker
    assert await harness.sign_in(account.id, OLD) == Sign.YES


async def test_an_unanswered_write_is_unknown(harness: Harness, directory: Directory) -> None:
    """A write that left us and was not answered says that it MAY have happened, never that it has not."""
    if not harness.silent:
        pytest.skip("this directory cannot be silent: it answers or is not there")
    account = await made(harness, directory)
    await harness.hang()
    with pytest.raises(harness.silent) as caught:
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert isinstance(caught.value, Unreachable | BadAnswer)
    assert caught.value.sent


async def test_close_may_be_called_twice(harness: Harness, directory: Directory) -> None:
    """Closing twice does no harm, and a call after it is a DirectoryError or works again, never a bug."""
    await made(harness, directory)
    await directory.close()
    await directory.close()
    try:
        await directory.find("ada.lovelace")
    except DirectoryError as error:
        assert isinstance(error, Unreachable | NotNow)  # noqa: PT017


async def test_errors_hold_no_secret_and_no_name(
    harness: Harness, directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an error's text nor the log at DEBUG holds a password, whatever became of it."""
    caplog.set_level("DEBUG")
    await harness.set_policy(POLICY)
    account = await made(harness, directory)
    texts = []
    await directory.set_password(account, Secret(NEW), must_change=False)
    for password in (NEW, "Short-3"):
        with pytest.raises(DirectoryError) as caught:
            await directory.set_password(account, Secret(password), must_change=False)
        texts.append(repr(caught.value) + str(caught.value.detail))
    said = "\n".join([*texts, caplog.text])
    for secret in (NEW, "Short-3", OLD):
        assert secret not in said
    assert "lovelace" not in "".join(texts).lower()

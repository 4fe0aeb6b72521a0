"""The sentence for every reason: what happened, what has not happened, what to do next. Nobody is blamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.reasons import Reason
from resets.request import Tier
from views import gaps
from views.text import safe, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resets.scope import Grant

_MISSES = frozenset({Reason.CODE_WRONG, Reason.CODE_SKEWED, Reason.CODE_USED})  # after some of them there is a pause

_AGAIN = "Start again with /reset-password."
_DESK = "Ask the IT desk to start a new reset."

SENTENCES: dict[Reason, str] = {
    # who asks
    Reason.OTHER_TEAM: "You belong to another Slack workspace than this bot serves, so nothing was done. "
    "Please ask the IT desk of your own organisation.",
    Reason.GUEST: "Guests of this workspace cannot use this, so nothing was done. Please ask the IT desk directly.",
    Reason.BOT: "This came from a bot or an app and not from a person, so nothing was done. "
    "A person can ask with /reset-password.",
    Reason.DEACTIVATED: "This Slack account is deactivated, so nothing was done. "
    "A workspace admin can activate it again.",
    Reason.OTHER_APP: "This came by way of another app, so nothing was done. " + _AGAIN,
    Reason.NO_ROLE: "Resetting other people's passwords needs a role that you do not have here, so nothing was done. "
    "If your work needs it, ask whoever runs this bot to enrol you.",
    Reason.RESETS_NOBODY: "Your role resets nobody here, so nobody was looked up and nothing was changed. If you "
    "suspect something, /reset-password freeze stops everything for a while; if your work needs more, ask whoever runs "
    "this bot for another role.",
    Reason.ROLE_NOT_HELD: "To hold {role} one has to be in {place} of {directory}, and at the moment that is not so. "
    "Nothing was done. Whoever looks after that group can mend it.",
    Reason.ROLE_UNREAD: "I could not read {place} of {directory}, and without it nobody holds {role}. Nothing was "
    "done. Try again in a minute; if it stays so, whoever runs this bot can find out why with: rekey doctor.",
    Reason.NOT_YOURS: "This is meant for somebody else, so nothing was shown or changed. "
    "If you were expecting a password, ask the IT desk to reset yours.",
    Reason.ACTOR_DISABLED: "Your own account in the directory is disabled or gone, so nothing was done. "
    "Ask another admin to look at your account.",
    Reason.WHO_UNKNOWN: "Slack could not say who this is, so nothing was done. Please try again in a minute.",
    Reason.ALREADY_ENROLLED: "{user} is enrolled already, and nothing was enrolled a second time. "
    "To begin anew, revoke the enrolment first with: rekey admin revoke.",
    Reason.ACTOR_FROZEN: "Somebody said “not me” to a reset that this admin asked for, or others denied several. "
    "Until that is cleared up, nothing is begun, resumed or retried in their name. Whoever runs this bot lifts it: "
    "rekey admin unfreeze.",
    # what was named
    Reason.NOT_FOUND: "I found no account for {typed}. Nothing has changed. "
    "Try the login, the mail address, or the first letters of the name.",
    Reason.AMBIGUOUS: "More than one account fits {typed}. Nothing has changed. Choose the one that you mean.",
    Reason.TOO_SHORT: "Nobody's login is exactly {typed}, and a search needs at least 3 letters. Nothing has changed. "
    "Type the whole login or mail address, or a little more of the name.",
    Reason.TOO_MANY_LOOKUPS: "This hour's {limit}look-ups are used up, so nothing was looked up. "
    "They come back within the hour; if you need more, ask whoever runs this bot.",
    Reason.MALFORMED_TARGET: "I could not read {typed} as one person, so nothing was looked up. "
    "Write one login, one mail address or one @mention after /reset-password.",
    # a list of people
    Reason.FILE_EMPTY: "There is nothing in this file, so nobody was looked up and nothing has changed. "
    "Save it again with one login or mail address in each row.",
    Reason.FILE_ONLY_HEADER: "This file has a header and nobody under it, so nobody was looked up. "
    "Add one login or mail address in each row, then send it again.",
    Reason.FILE_BINARY: "This file is not a plain CSV file, so it was not read. Nothing has changed. "
    "Open it in your spreadsheet program, save it as CSV (UTF-8), then send that.",
    Reason.FILE_PAGE: "This file is a web page, perhaps a sign-in page, and not a CSV file, so it was not read. "
    "Nothing has changed. Export the list again, or save it as CSV (UTF-8), then send that.",
    Reason.FILE_CUT_OFF: "A quotation mark{row} is opened and not closed, so the file may be cut off. "
    "Nothing of it was used. Export it again, or close the quotation mark, then send it again.",
    Reason.FILE_TOO_BIG: "This file has more than 10 MB, so it was not read. Nothing has changed. "
    "Send only the column of logins or mail addresses, or several files.",
    Reason.TOO_MANY_ROWS: "This list has more than 100,000 rows, and so many are not taken at once. "
    "Nothing has changed. Split it into several lists.",
    Reason.NO_COLUMN: "I found no column of logins or mail addresses in this file, so nobody was looked up. "
    "Write “login or e-mail” above that column, or use the template, then send it again.",
    Reason.PASSWORD_COLUMN: "The column {column} holds passwords, so the file was not used. Rekey draws new "
    "passwords itself. Delete the file everywhere, and have those passwords changed: whoever saw the file knows them.",
    Reason.LIST_TOO_LONG: "The pasted list is longer than {most}, so it was not read. Nothing has changed. "
    "Paste it in parts, or send it as a CSV file.",
    Reason.FILE_GONE: "This file is no longer in Slack, or is not one of yours, so it was not read. "
    "Nothing has changed. Choose the file again.",
    Reason.FILE_UNREAD: "Slack did not hand over this file whole, so it was not read. Nothing has changed. "
    "Choose the file again; if it stays so, whoever runs this bot can look with: rekey doctor.",
    # what may not be reset
    Reason.SELF: "This is your own account, and nobody resets their own password here. Nothing has changed. "
    "Change it in {directory} yourself, or ask another admin.",
    Reason.DISABLED: "{login} is disabled in {directory}, and a reset would not open it. Nothing has changed. "
    "If the person should have it again, enable the account there first.",
    Reason.EXTERNAL: "{login} belongs to somebody outside the organisation. Nothing has changed. "
    "Their own organisation can reset it.",
    Reason.PRIVILEGED: "{login} is an owner or has administrative rights, or is listed as such, and {role} may not "
    "reset those. Nothing has changed. An owner of {directory} can reset it in its own console.",
    Reason.SENSITIVE: "{login} is a sensitive account, and {role} may not reset those. Nothing has changed. "
    "Ask an admin whose role may, or whoever runs this bot.",
    Reason.NEVER: "{login} is on the list of accounts that nobody resets here. Nothing has changed. "
    "Whoever owns it can change its password in {directory}.",
    Reason.OUT_OF_SCOPE: "{login} is outside of what {role} may reset in {directory}. Nothing has changed. "
    "Ask an admin whose role covers it, or whoever runs this bot.",
    Reason.FACTS_UNREAD: "I could not read {place} in {directory}, which decides who may be reset, so {login} was left "
    "alone. Nothing has changed. Whoever runs this bot can find out why with: rekey doctor.",
    Reason.SERVICE: "{login} belongs to a service or a machine, and a reset would cut it off. Nothing has changed. "
    "Its owner can change the password where the service keeps it.",
    Reason.UNVERIFIED_DOMAIN: "The mail domain {domain} is not verified for {directory}. Nothing has changed. "
    "Verify it in the directory, or have whoever runs this bot add it to verified_domains of {key}.",
    Reason.UNCONFIRMED: "{login} was invited and has never confirmed the invitation. Nothing has changed. "
    "Send the invitation again from {directory}.",
    Reason.UNREACHABLE_PERSON: "There is no safe way to hand a one-time password to the person behind {login}"
    "{because}. Nobody has been given one. Mend that in {directory} or in Slack, then try again.",
    Reason.CHANGED_SINCE: "The login, the address or the Slack account of {login} has changed since you looked. "
    "Nothing more was done. Look at the account again, then start anew.",
    # step-up
    Reason.CODE_MALFORMED: "The code has 6 digits. Nothing has changed. "
    "Enter the one that your authenticator app shows now.",
    Reason.CODE_WRONG: "This code does not match. Nothing has changed. "
    "Enter the next one that your authenticator app shows.",
    Reason.CODE_SKEWED: "This code is right for another time: your phone's clock is about {off} off. "
    "Nothing has changed. Let the phone set its time automatically, then enter the next code.",
    Reason.CODE_USED: "This code has been used already, and each one works once. Nothing has changed by it. "
    "Wait for the next code (up to 30 seconds) and enter that one.",
    Reason.CODE_WAIT: "After several codes that did not match there is a pause. Nothing has changed. "
    "Please wait {wait}, then enter a new code.",
    Reason.CODE_LOCKED: "Your codes are locked after too many that did not match. Nothing has changed. "
    "Whoever runs this bot can unlock them with: rekey admin unlock.",
    Reason.FORM_EXPIRED: "This form was open for too long and has expired. Nothing has changed. " + _AGAIN,
    Reason.FORM_USED: "This form has been sent already, so nothing was done a second time. "
    "Your message from this bot shows how it goes on.",
    Reason.FORM_UNKNOWN: "I do not know this form any more. Nothing has changed. " + _AGAIN,
    Reason.CHOICE_INVALID: "One of the choices is not on offer for this account. Nothing has changed. " + _AGAIN,
    # the caller
    Reason.NOT_VERIFIED: "It is not said how you know that it is them, so nothing was done. Choose what you did; if "
    "you did nothing yet, call back on a number from the directory first.",
    Reason.EVIDENCE_WEAK: "For this account that is not enough, so nothing was done. See the person face to face, or "
    "have their manager vouch, where the form offers that.",
    Reason.EVIDENCE_SLACK: "A number in Slack is not enough where the password goes by Slack too: somebody may sit in "
    "that Slack. Nothing was done. Say how else you know that it is them.",
    Reason.NOT_PRESSED: "They have not pressed the number yet, so nothing was done. Press “Verify this person”, and "
    "read them the number.",
    Reason.CALLER_DENIED: "The person behind this account, or their manager, said within the last hour that whoever "
    "called is not them. Nothing was done, and the security channel knows. Reset it only for whom you see in person.",
    Reason.NUMBER_OVER: "Nobody waits for this number any more, so nothing was done. "
    "If you are on the phone with IT, ask them to begin again.",
    Reason.TOO_MANY_NUMBERS: "This hour's {limit}questions to people and their managers are used up, so nobody was "
    "asked. Say how else you know that it is them; more come back within the hour.",
    Reason.NO_MANAGER: "{directory} names no manager of {login}, so nobody could be asked to vouch. See the person "
    "face to face, or have their manager entered there.",
    Reason.MANAGER_UNREAD: "I could not read in {directory} who manages {login}, or it names several, so nobody could "
    "be asked to vouch. Say how else you know that it is them.",
    Reason.MANAGER_NOT_ENROLLED: "The manager of {login}{named} is not enrolled here, so nobody could be asked to "
    "vouch. Say how else you know that it is them; whoever runs this bot can enrol a manager with: rekey admin enrol.",
    Reason.MANAGER_UNABLE: "The manager of {login}{named} cannot vouch at the moment: disabled, frozen, without a role "
    "or not in Slack. Nobody was asked. Say how else you know that it is them.",
    Reason.MANAGER_INVOLVED: "The manager of {login}{named} asks for this themselves, would be reset by it, or reads "
    "the mail that the password may go by, so their word would be no second one. Nobody was asked. Say how else you "
    "know that it is them.",
    Reason.NOT_VOUCHED: "Their manager has not vouched yet, or may not any more, so nothing was done. Press “Ask their "
    "manager”, and wait for the answer, or say how else you know that it is them.",
    Reason.VOUCHED_OTHERWISE: "Their manager was shown another reason than the form has now, so their word does not "
    "count for it, and nothing was done. Choose the reason that they were shown, or press “Ask their manager” again: "
    "they are then asked with this one.",
    Reason.VOUCH_OVER: "Nobody waits for your word on this any more, so nothing was changed: it was given, its time is "
    "over, or it was not needed. If you do not know of it, call whoever asked.",
    Reason.SOMEBODY_ASKED: "“Nobody asked” goes with a suspected compromise or a new person only, so nothing was done. "
    "Choose how you know that it is them, or mend the reason.",
    Reason.TOO_LATE: "This was confirmed but could not be begun in time, so it was not done. Nothing has changed. "
    + _AGAIN,
    Reason.NOT_PROVED: "I could not find the proof that this very reset was confirmed with a code, so I went no "
    "further: nothing was set or shown by this. Tell whoever runs this bot; an admin can then start again "
    "with /reset-password.",
    # the directory
    Reason.DIRECTORY_DOWN: "{directory} cannot be reached at the moment. This was not sent to it and has changed "
    "nothing. Try again in a few minutes.",
    Reason.DIRECTORY_SILENT: "I sent the change to {directory} and it did not answer, so it may or may not have "
    "happened. No other password has been handed out. Trying again is safe: it sends the same one.",
    Reason.DIRECTORY_BUSY: "{directory} is too busy at the moment. This step has not been done. "
    "Try again in a few minutes.",
    Reason.DIRECTORY_REFUSED: "{directory} does not let this bot do that to {login}. This step has not been done. "
    "Whoever runs this bot can find the missing right with: rekey doctor.",
    Reason.DIRECTORY_NONSENSE: "{directory} gave an answer that makes no sense, so I stopped there. "
    "Nothing more was done. Try again later, and tell whoever runs this bot if it stays so.",
    Reason.PASSWORD_REFUSED: "{directory} did not accept the new passwords that were tried, and the old one still "
    "stands. Whoever runs this bot can compare the directory's password rules with its settings.",
    Reason.CANNOT: "{directory} cannot do this, so it was not tried. If it is needed, "
    "do it where the directory is administered.",
    Reason.ACCOUNT_GONE: "{login} is no longer in {directory}, or was disabled meanwhile. Nothing more was done. "
    "Look the account up again.",
    Reason.NO_SUCH_DIRECTORY: "{directory} is no longer one of this bot's directories. Nothing was done. "
    "Whoever runs this bot can add it to the settings again.",
    # delivery
    Reason.PICKUP_WRONG: "This is not the pickup code for this password. It has not been shown. "
    "Check the code with the person from IT who gave it to you. {left}",
    Reason.PICKUP_BURNED: "Too many pickup codes did not match, so this password will not be shown any more. "
    "Nobody has seen it. " + _DESK,
    Reason.ALREADY_SHOWN: "This one-time password has been shown already, and it is shown only once. "
    "If that was not you, press “Not me - stop” or tell the IT desk at once; else ask for a new reset.",
    Reason.EXPIRED: "This one-time password was not collected in time and is not shown any more. "
    "Nobody has seen it. " + _DESK,
    Reason.SPOILED: "This reset was stopped, and its password is not shown any more. " + _DESK,
    Reason.SUPERSEDED: "A newer reset or password change stands for {login}, so this one was left alone. "
    "Nothing more was changed. Use the newest message.",
    Reason.PASSWORD_CHANGED: "Somebody has set another password for {login} since this reset. It may be a stranger's, "
    "and was left as it is. Speak with the person; unless it is theirs, reset it again with the reason "
    "“Suspected compromise”.",
    Reason.SLACK_FAILED: "Slack did not take the message, so the person has not been told. "
    "What was done in the directory stands. Try the delivery again in a few minutes.",
    Reason.MAIL_REFUSED: "The mail server did not take the mail, so it was not sent. "
    "What was done in the directory stands. Check the address in {directory}, then try the delivery again.",
    Reason.MAIL_DOWN: "The mail server could not be reached safely, so no mail was sent. "
    "What was done in the directory stands. Try the delivery again; if it stays so, tell whoever runs this bot.",
    # many at once
    Reason.NOBODY_CHOSEN: "Nobody was named, so nothing was looked up. "
    "Choose people or a group, attach a file, or paste a list.",
    Reason.NOBODY_LEFT: "Everybody who was named is left out, for the reasons listed, so there is nobody to reset. "
    "Nothing has changed.",
    Reason.ONE_BY_ONE: "This list is of one person, for whom you have to say how you know that it is them, so nothing "
    "was begun. Ask for that one with /reset-password and their login.",
    Reason.NUMBER_WRONG: "That is not the number of people in this preview, so nothing was begun. "
    'Type the number that stands beside "will be reset".',
    Reason.START_INVALID: "That time is past, or more than 30 days ahead, so nothing was begun. "
    "Choose a later time, or leave it empty to begin now.",
    Reason.GROUP_GONE: "This group is no longer in {directory}, so nobody was taken from it. Nothing has changed. "
    "Choose another group, or name the people.",
    Reason.TOO_MANY_FAILED: "More than 5 % of the last people could not be reset, so the run has stopped by itself. "
    "Nobody else is reset until somebody presses Resume; look at the reasons first.",
    Reason.CANARY_FAILED: "The first few people could not be reset, so the run has stopped before all others. "
    "Nobody else is reset until somebody presses Resume; look at the reasons first.",
    Reason.STOPPED_BY_HAND: "Somebody has paused this run. Nobody else is reset until somebody presses Resume.",
    Reason.NOT_YOUR_RUN: "Only {user}, who began this run, may let it go on or have it try again, so nothing was "
    "changed. Ask them to, or begin a reset of your own with /reset-password. To pause a run or cancel its rest, any "
    "admin will do.",
    Reason.WRITTEN_ELSEWHERE: "For {people} nothing was done: another request is setting their password at this "
    "moment. Wait until that is over, then try again.",
    Reason.RUN_OVER: "This run is over, so nothing was changed. Its message shows how it ended.",
    Reason.RUN_CANCELLED: "The rest of this run was cancelled before {login}'s turn came. "
    "Their password has not changed.",
    # everything stopped
    Reason.FROZEN: "{user} has frozen all resets{until}, so nothing was begun. What was begun before goes on by itself "
    "after that. If it cannot wait, ask the security role to end it with /reset-password resume.",
    Reason.ALREADY_FROZEN: "{user} has already frozen all resets{until}, so nothing was changed. "
    "For longer, freeze them at the host with: rekey freeze.",
    Reason.FROZE_LATELY: "You have frozen everything once within 24 hours, and without a code that is not taken twice, "
    "so nothing was frozen. You can again in {wait}; ask another admin to, or do it at the host with: rekey freeze.",
    Reason.NOT_FROZEN: "Nothing is frozen, so there was nothing to end. Resets can be begun with /reset-password.",
    Reason.NOT_SECURITY: "Only the security role ends a freeze, or, without such a role, the admin who was enrolled "
    "first; so nothing was changed. Ask them to run /reset-password resume.",
    # one's share for now
    Reason.RESETS_USED_UP: "You have asked for as many single resets as one admin may within {within}{often}, so "
    "nothing was begun. You can ask for the next one in {wait}; if it cannot wait, ask another admin.",
    Reason.BULKS_USED_UP: "You have begun to reset many as often as one admin may within {within}{often}, so nothing "
    "was begun. You can begin the next one in {wait}; if it cannot wait, ask another admin.",
    Reason.TOO_MANY_OPEN: "As many of your runs are not over as one admin may have at once{often}, so nothing was "
    "begun. Wait until one of them is over, or cancel one that nobody needs any more.",
    Reason.RESET_LATELY: "{login} was reset as often as it may be within {within}{often}, so nothing was begun. It can "
    "be reset again in {wait}. If the person still cannot sign in, call them: it may be somebody else who asks.",
    Reason.OUT_OF_HOURS: "A run was confirmed outside of working hours, so everything is frozen, and it has not begun. "
    "The security role looks at it, and ends that with /reset-password resume.",
    Reason.ALL_USED_UP: "All admins together have asked for more single resets than they may within {within}{often}, "
    "so nothing was begun, and everything is frozen. The security role ends that with /reset-password resume.",
    # break-glass
    Reason.GLASS_NONE: "There is no break-glass code yet, so nothing was done. While an admin can be reached, make one "
    "and seal it: rekey admin break-glass new.",
    Reason.GLASS_WRONG: "This is not the break-glass code, so nothing was done. Read it from the paper again: seven "
    "groups of four. An older paper's code is good for nothing.",
    Reason.GLASS_LOCKED: "The break-glass code is locked after too many that did not match, so nothing was done. "
    "Find out who tried; then make a new one with: rekey admin break-glass new.",
    Reason.NOT_REVIEWED: "A reset by break-glass was not reviewed within a day, so single resets are not taken until "
    "it is. Any enrolled admin can look at it and say so, at the host, with: rekey audit review.",
    Reason.NOT_TO_REVIEW: "This reset waits for no review, so nothing was changed. Somebody may have reviewed it "
    "already: look with: rekey audit tail.",
    Reason.OWN_REVIEW: "This reset was yours, and nobody reviews their own, so nothing was changed. Ask another admin "
    "to review it.",
    # what others have to agree to
    Reason.NEEDS_PASSKEY: "This needs a passkey on a page of this bot's own, which it does not have here yet, so "
    "nothing was asked and nothing has changed. An owner of {directory} can do it in its own console; or whoever runs "
    "this bot lowers step_up.privileged.",
    Reason.NO_APPROVALS: "Others have to agree to this, and there is no channel here in which to ask them, so nothing "
    "was asked and nothing has changed. Whoever runs this bot can set slack.approvals_channel.",
    Reason.NOBODY_APPROVES: "Too few other admins could agree to this ({limit}needed), so nothing was asked, and "
    "nothing has changed. Whoever runs this bot can enrol another with: rekey admin enrol.",
    Reason.OWN_REQUEST: "This is your own request, and somebody else has to decide about it; so nothing was changed. "
    "You can withdraw it.",
    Reason.NOT_APPROVER: "Your role does not decide about other people's requests, so nothing was changed. "
    "The card names who can.",
    Reason.NOT_YET_APPROVER: "Your role decides only once half of the time is over, so nothing was changed. "
    "Look again in {wait}, if nobody else has decided by then.",
    Reason.HAS_VOUCHED: "You have vouched for the person who would be reset, and who vouched does not agree as well, "
    "so nothing was changed. Somebody else has to decide.",
    Reason.TARGET_AGREED: "The account {login} belongs to somebody who had asked for this, vouched or agreed to it, "
    "so it was not reset. Nothing of it has changed. Let somebody else ask, vouch or decide.",
    Reason.IS_TARGET: "You are among those who would be reset, so somebody else has to decide. Nothing was changed.",
    Reason.SPOKEN: "You have agreed to this already, and each person counts once, so nothing was changed. "
    "Somebody else has to agree, too.",
    Reason.DECIDED: "There is nothing to decide about this any more, so nothing was changed. "
    "Its card says how it ended.",
    Reason.UNDECIDED: "This still waits for approval, so nothing was changed. Its requester can withdraw it, and "
    "whoever may decide can deny it.",
    Reason.PLAN_CHANGED: "This card is about another plan than the one that waits now, so nothing was changed. "
    "Look at the newest card of this request.",
    Reason.NO_REASON: "A denial needs a reason, so nothing was denied. Write in a few words why not.",
    Reason.NOT_YOUR_REQUEST: "Only {user}, who asked for this, can change or withdraw it, so nothing was changed. "
    "If it should not be done, deny it.",
    Reason.DENIED: "Somebody who had to agree has denied this, so it was not done. Nothing has changed. "
    "Speak with them before you ask again.",
    Reason.WITHDRAWN: "This was withdrawn before everybody had agreed, so it was not done. Nothing has changed.",
    Reason.REPLACED: "Whoever asked for this has changed it: another request has taken its place, so it was not done. "
    "Nothing has changed, and what was agreed to it counts for nothing. The new one has a card of its own.",
    Reason.NOT_APPROVED: "Too few have agreed to this in time, so it was not done. Nothing has changed. "
    "Ask again when somebody is there to look at it.",
    Reason.APPROVER_LOST: "Somebody who had agreed to this may not agree to anything any more, so it was not done. "
    "Nobody else is reset by it. Ask again with /reset-password.",
    Reason.VOUCHER_LOST: "The manager who had vouched for this person may not vouch for anybody any more, or agreed to "
    "it as well, so it was not done. Nothing has changed. Ask again with /reset-password.",
    # ourselves
    Reason.STORE_FAILED: "I could not write my own records, so I did nothing: without a record nothing is reset. "
    "Tell whoever runs this bot, then try again.",
    Reason.KEY_WRONG: "The keys do not open what was sealed, so it was neither shown nor used. "
    "Whoever runs this bot can look with: rekey keys check.",
    Reason.NOTHING_LEFT: "There is nothing left to try again: this step is done already. Nothing was done twice.",
}


def sentence(reason: Reason, facts: Mapping[str, str | int] | None = None) -> str:
    """Return the sentence for a reason as plain text, under 300 characters; escape it before it goes into mrkdwn."""
    facts = facts or {}
    text = SENTENCES[reason].format_map(gaps.filled(facts)).strip()
    if reason in _MISSES and "seconds" in facts:
        text += f" Please wait {span(int(facts['seconds']))} before that."
    return text[0].upper() + text[1:] if text.startswith(tuple(filter(None, gaps.UNSAID.values()))) else text


def allowed(role: str, grant: Grant, directory: str) -> str:
    """Return the sentence for a yes: which role may, and by which of its rules."""
    tiers = " and ".join(tier.value for tier in Tier if tier in grant.tiers)
    within = f", within {gaps.place(str(grant.within))}" if grant.within else ""
    return f"The role “{safe(role, gaps.FACT)}” may reset {tiers} accounts of {safe(directory, gaps.FACT)}{within}."


def broken(reference: str) -> str:
    """Return the sentence for what should not have happened, with the id under which it stands in the log."""
    return (
        "Something went wrong on my side, and I stopped there. What was done until then is in your message from this "
        f"bot, if there is one. Try again; if it stays so, give whoever runs this bot the reference {safe(reference)}."
    )

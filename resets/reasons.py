"""The closed list of why-nots, and the exception that carries one. The sentences live in views/words.py."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why something did not happen. Each has a sentence in `views/words.py` and a few words in `brief.py`."""

    # who asks
    OTHER_TEAM = "other_team"  # a payload from another workspace or a Slack Connect stranger
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    OTHER_APP = "other_app"
    NO_ROLE = "no_role"
    RESETS_NOBODY = "resets_nobody"  # a role for something else: to vouch, to agree, or to end a freeze
    ROLE_NOT_HELD = "role_not_held"  # enrolled, but not a member of the group that the role names
    ROLE_UNREAD = "role_unread"  # that group is not there or could not be read: then nobody holds the role
    NOT_YOURS = "not_yours"  # not the addressee, or not the one who opened it
    ACTOR_DISABLED = "actor_disabled"  # the admin's own directory account is disabled or gone
    ALREADY_ENROLLED = "already_enrolled"
    ACTOR_FROZEN = "actor_frozen"  # somebody whom this admin reset said "not me"; lifted at the host
    WHO_UNKNOWN = "who_unknown"  # Slack could not tell who this is
    # what was named
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    TOO_SHORT = "too_short"  # nobody's login, and fewer than 3 letters to search for
    TOO_MANY_LOOKUPS = "too_many_lookups"
    MALFORMED_TARGET = "malformed_target"
    # a list of people
    FILE_EMPTY = "file_empty"
    FILE_ONLY_HEADER = "file_only_header"
    FILE_BINARY = "file_binary"  # a workbook, an archive, a picture
    FILE_PAGE = "file_page"  # a web page: most often somebody's sign-in page
    FILE_CUT_OFF = "file_cut_off"  # a quote that opens and never closes
    FILE_TOO_BIG = "file_too_big"
    TOO_MANY_ROWS = "too_many_rows"
    NO_COLUMN = "no_column"  # none that holds logins or mail addresses
    PASSWORD_COLUMN = "password_column"
    LIST_TOO_LONG = "list_too_long"  # a pasted one
    FILE_GONE = "file_gone"  # deleted in Slack meanwhile, or not the requester's
    FILE_UNREAD = "file_unread"  # Slack did not hand it over
    # what may not be reset
    SELF = "self"
    DISABLED = "disabled"
    EXTERNAL = "external"
    PRIVILEGED = "privileged"  # of a tier that no rule of the role names
    SENSITIVE = "sensitive"  # the same
    SERVICE = "service"
    NEVER = "never"  # on the operator's never-list
    OUT_OF_SCOPE = "out_of_scope"  # of a directory, or outside of a place, that no rule of the role names
    FACTS_UNREAD = "facts_unread"  # a group or a unit that decides it
    UNVERIFIED_DOMAIN = "unverified_domain"
    UNCONFIRMED = "unconfirmed"
    UNREACHABLE_PERSON = "unreachable_person"  # nothing to deliver to
    CHANGED_SINCE = "changed_since"  # another login, address or id than the plan says
    # step-up
    CODE_MALFORMED = "code_malformed"
    CODE_WRONG = "code_wrong"
    CODE_SKEWED = "code_skewed"  # right, but for another time: the phone's clock is off
    CODE_USED = "code_used"
    CODE_WAIT = "code_wait"
    CODE_LOCKED = "code_locked"
    FORM_EXPIRED = "form_expired"
    FORM_USED = "form_used"
    FORM_UNKNOWN = "form_unknown"
    CHOICE_INVALID = "choice_invalid"  # an option that was not offered
    TOO_LATE = "too_late"  # proved, but not begun in time
    NOT_PROVED = "not_proved"  # the job's proof is missing, broken or for another digest
    # the caller
    NOT_VERIFIED = "not_verified"  # nothing is known of them
    EVIDENCE_WEAK = "evidence_weak"  # less than the account's tier needs
    EVIDENCE_SLACK = "evidence_slack"  # out of Slack alone, where the password goes by Slack too
    NOT_PRESSED = "not_pressed"  # no number yet
    CALLER_DENIED = "caller_denied"  # the person pressed a wrong number, or says that they asked for nothing
    NUMBER_OVER = "number_over"  # pressed too late, or for a form that was sent
    TOO_MANY_NUMBERS = "too_many_numbers"
    NO_MANAGER = "no_manager"  # the directory names nobody who could vouch
    MANAGER_UNREAD = "manager_unread"  # it did not answer, or names several
    MANAGER_NOT_ENROLLED = "manager_not_enrolled"
    MANAGER_UNABLE = "manager_unable"  # frozen, disabled, without a configured role, or not in Slack
    MANAGER_INVOLVED = "manager_involved"  # they ask for it themselves, or would be reset by it
    NOT_VOUCHED = "not_vouched"  # not yet, or who did may not any more
    VOUCHED_OTHERWISE = "vouched_otherwise"  # for another reason of the reset than the form has now
    VOUCH_OVER = "vouch_over"  # answered already, too late, or for a form that was sent
    SOMEBODY_ASKED = "somebody_asked"  # "nobody asked" does not go with the reason of the reset
    # the directory
    DIRECTORY_DOWN = "directory_down"  # unreachable, nothing was sent
    DIRECTORY_SILENT = "directory_silent"  # a write was sent and not answered: unknown
    DIRECTORY_BUSY = "directory_busy"
    DIRECTORY_REFUSED = "directory_refused"  # our service account lacks the right
    DIRECTORY_NONSENSE = "directory_nonsense"
    PASSWORD_REFUSED = "password_refused"
    CANNOT = "cannot"  # the directory cannot do this
    ACCOUNT_GONE = "account_gone"
    NO_SUCH_DIRECTORY = "no_such_directory"
    # delivery
    PICKUP_WRONG = "pickup_wrong"
    PICKUP_BURNED = "pickup_burned"
    ALREADY_SHOWN = "already_shown"
    EXPIRED = "expired"
    SPOILED = "spoiled"
    SUPERSEDED = "superseded"  # a newer request or change stands
    PASSWORD_CHANGED = "password_changed"  # after "not me": somebody has set another since
    SLACK_FAILED = "slack_failed"
    MAIL_REFUSED = "mail_refused"
    MAIL_DOWN = "mail_down"
    # many at once
    NOBODY_CHOSEN = "nobody_chosen"
    NOBODY_LEFT = "nobody_left"  # everybody is left out
    ONE_BY_ONE = "one_by_one"  # a list of one, where the form for one asks how the caller was verified
    NUMBER_WRONG = "number_wrong"  # the typed number of targets
    START_INVALID = "start_invalid"  # in the past, or too far ahead
    GROUP_GONE = "group_gone"
    TOO_MANY_FAILED = "too_many_failed"  # a run stopped by itself
    CANARY_FAILED = "canary_failed"
    STOPPED_BY_HAND = "stopped_by_hand"
    NOT_YOUR_RUN = "not_your_run"  # only who began it may let it go on
    WRITTEN_ELSEWHERE = "written_elsewhere"  # another request is setting this very account's password
    RUN_OVER = "run_over"  # nothing to pause, resume or cancel any more
    RUN_CANCELLED = "run_cancelled"
    # everything stopped
    FROZEN = "frozen"
    ALREADY_FROZEN = "already_frozen"  # and at least for as long
    FROZE_LATELY = "froze_lately"  # without a code, once a day
    NOT_FROZEN = "not_frozen"
    NOT_SECURITY = "not_security"  # only the security role ends a freeze
    # one's share for now
    RESETS_USED_UP = "resets_used_up"  # single ones, of one admin, within an hour or a day
    BULKS_USED_UP = "bulks_used_up"
    TOO_MANY_OPEN = "too_many_open"  # of one admin's runs are not over
    RESET_LATELY = "reset_lately"  # the same account, as often as may be within a day
    OUT_OF_HOURS = "out_of_hours"  # a run was begun at a time of the day when nobody works; everything is frozen then
    ALL_USED_UP = "all_used_up"  # single ones, of all admins; everything is frozen then
    # break-glass
    GLASS_NONE = "glass_none"  # no code was ever made
    GLASS_WRONG = "glass_wrong"
    GLASS_LOCKED = "glass_locked"
    NOT_REVIEWED = "not_reviewed"  # a use of it, for more than a day
    NOT_TO_REVIEW = "not_to_review"
    OWN_REVIEW = "own_review"  # whoever was reset by it
    # what others have to agree to
    NEEDS_PASSKEY = "needs_passkey"  # a step-up that there is no page for yet
    NO_APPROVALS = "no_approvals"  # no channel in which anybody could be asked
    NOBODY_APPROVES = "nobody_approves"  # too few other admins could agree
    OWN_REQUEST = "own_request"
    NOT_APPROVER = "not_approver"  # the role may not agree to anything
    NOT_YET_APPROVER = "not_yet_approver"  # it may from half of the time on
    IS_TARGET = "is_target"
    HAS_VOUCHED = "has_vouched"  # who vouched for the caller does not agree as well
    TARGET_AGREED = "target_agreed"  # seen only when it ran: who asked, vouched or agreed would have been reset by it
    SPOKEN = "spoken"  # this person has agreed already, perhaps by another Slack account
    DECIDED = "decided"  # agreed to, denied, withdrawn or too late: nothing to decide any more
    UNDECIDED = "undecided"  # there is no run yet that could be paused or cancelled
    PLAN_CHANGED = "plan_changed"  # the card is about another plan
    NO_REASON = "no_reason"  # a denial without one
    NOT_YOUR_REQUEST = "not_your_request"  # only its requester may withdraw it
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"  # its requester has changed it: another request has taken its place
    NOT_APPROVED = "not_approved"  # in time
    APPROVER_LOST = "approver_lost"  # somebody who agreed holds no such role any more, or is frozen
    VOUCHER_LOST = "voucher_lost"  # seen only when it ran: who vouched may not any more, or has agreed as well
    # ourselves
    STORE_FAILED = "store_failed"  # full disk, locked or lost database
    KEY_WRONG = "key_wrong"
    NOTHING_LEFT = "nothing_left"  # a retry of what is already done


class Refused(Exception):
    """Something that a rule forbids. Facts are shown to the person: plain texts and numbers, never a secret."""

    def __init__(self, reason: Reason, **facts: str | int) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.facts = facts

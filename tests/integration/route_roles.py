"""Who may ask for what: every route of the whole application. A route that is not written here fails a test."""

from crm.staff.models import Role

AGENT, SUPERVISOR, OFFICER, ADMINISTRATOR = Role.AGENT, Role.SUPERVISOR, Role.OFFICER, Role.ADMINISTRATOR

OPEN = {
    "GET /health": "whether the process lives, for whoever watches it",
    "GET /ready": "whether every part works, likewise",
    "GET /metrics": "figures without personal data, for this machine and networks in the settings",
    "GET /login": "the way in",
    "POST /login": "the way in",
    "MOUNT /static": "styles and scripts, the same for everyone",
    "MOUNT /static/fonts": "the typeface",
    "MOUNT /static/vendor": "scripts of others, the same for everyone",
}
SIGNED = {  # opened by a secret in the address as well; each has tests of its own
    "GET /f/{token}": "one file of a letter, by its signed link",
    "GET /show/{key}": "one basket, for the visitor it is made for, for some hours",
    "GET /show/{key}/state": "likewise",
    "POST /show/{key}/answer": "likewise",
    "GET /wallboard": "by the key of the big screens",
    "GET /wallboard/events": "likewise",
    "GET /c/{token}": "one card, by a signed link in a letter",
    "POST /c/{token}/attempt": "likewise",
    "POST /c/{token}/report": "likewise",
}

_EVERYONE = """
GET /
GET /account
GET /api/session
GET /wallboard
GET /wallboard/events
POST /account/password
POST /account/preferences
POST /account/sessions/others/end
POST /account/sessions/{session}/end
POST /logout
PUT /api/account/language
"""
_AGENTS = """
DELETE /api/basket/{contact_id}/items/{item_id}
DELETE /api/basket/{contact_id}/letters/{letter_id}/links
DELETE /api/basket/{contact_id}/show
DELETE /api/people/{person_id}/numbers/{number}
GET /api/basket/{contact_id}
GET /api/basket/{contact_id}/address
GET /api/basket/{contact_id}/draft-summary
GET /api/basket/{contact_id}/find
GET /api/basket/{contact_id}/piece
GET /api/basket/{contact_id}/preview
GET /api/contacts
GET /api/contacts/choices
GET /api/contacts/current
GET /api/contacts/pop
GET /api/contacts/unfinished
GET /api/contacts/{contact_id}
GET /api/contacts/{contact_id}/events
GET /api/desk/state
GET /api/directory
GET /api/floor-messages
GET /api/inbox
GET /api/inbox/counts
GET /api/inbox/messages/{message_id}/sound
GET /api/people
GET /api/people/choices
GET /api/people/{person_id}
GET /api/people/{person_id}/duplicates
GET /api/people/{person_id}/events
GET /api/recordings/now
GET /quality/mine
GET /quality/reviews/{review_id}
POST /quality/reviews/{review_id}/reply
GET /api/recordings/{call_id}
GET /api/recordings/{call_id}/sound
GET /recordings
GET /recordings/{call_id}
POST /api/recordings/{call_id}/pause
POST /api/recordings/{call_id}/resume
GET /api/scripts
GET /api/standards/{channel}
GET /api/standards/{channel}/all
GET /api/telephone/account
GET /api/telephone/pause-reasons
GET /api/telephone/state
GET /api/topics
GET /basket/{contact_id}
GET /basket/{contact_id}/items/{item_id}/files/{number}
GET /basket/{contact_id}/summary
GET /basket/{contact_id}/summary.pdf
GET /baskets
GET /briefs
GET /desk
GET /desk/events
GET /inbox
GET /people
GET /people/{person_id}
GET /people/{person_id}/parts
PATCH /api/basket/{contact_id}
PATCH /api/cards/{card_id}
PATCH /api/contacts/{contact_id}
PATCH /api/people/{person_id}
POST /api/basket/{contact_id}/answered
POST /api/basket/{contact_id}/confirmed-here
POST /api/basket/{contact_id}/items
POST /api/basket/{contact_id}/items/{item_id}/renew
POST /api/basket/{contact_id}/items/{item_id}/second
POST /api/basket/{contact_id}/letters/{letter_id}/again
POST /api/basket/{contact_id}/letters/{letter_id}/arrived
POST /api/basket/{contact_id}/letters/{letter_id}/back
POST /api/basket/{contact_id}/send
POST /api/basket/{contact_id}/show
POST /api/cards
POST /api/cards/{card_id}/close
POST /api/cards/{card_id}/follow-up
POST /api/contacts
POST /api/contacts/{contact_id}/finish
POST /api/contacts/{contact_id}/steps/{step}
POST /api/desk/watch
POST /api/files/basket/{contact_id}
POST /api/floor-messages/{message_id}/read
POST /api/inbox/messages/{message_id}/{mark}
POST /api/inbox/{kind}/{call_id}/done
POST /api/inbox/{kind}/{call_id}/take
POST /api/inbox/{kind}/{call_id}/undo
POST /api/people
POST /api/people/{person_id}/different
POST /api/people/{person_id}/merge
POST /api/people/{person_id}/numbers
POST /api/people/{person_id}/unmerge
POST /api/telephone/answer
POST /api/telephone/dial
POST /api/telephone/hang-up
POST /api/telephone/hold
POST /api/telephone/pause
POST /api/telephone/ready
POST /api/telephone/resume
POST /api/telephone/take-over
POST /api/telephone/take-up
POST /api/telephone/transfer
POST /api/telephone/wrap-up/extend
POST /api/telephone/wrap-up/finish
POST /cards/{card_id}/complete
POST /cards/{card_id}/follow
POST /cards/{card_id}/letters/{letter_id}/again
PUT /api/basket/{contact_id}/items/{item_id}/checks
PUT /api/basket/{contact_id}/items/{item_id}/sensitive
PUT /api/basket/{contact_id}/order
PUT /api/scripts/voice
SOCKET /api/telephone/socket
"""
_OFFICE = """
GET /api/knowledge/articles/{article_id}
GET /api/knowledge/search
GET /api/knowledge/suggest
GET /dealers
GET /dealers/{dealer_id:int}
GET /documents
GET /documents/{document_id:int}
GET /documents/{document_id:int}/file
GET /knowledge
GET /knowledge/{article_id:int}
GET /sources
POST /api/knowledge/answered
GET /api/cards
GET /api/cards/count
GET /api/cards/{card_id}
GET /cards
GET /cards/events
GET /cards/{card_id}
GET /directory
POST /api/cards/{card_id}/attempts
POST /api/cards/{card_id}/{step}
POST /cards/{card_id}/attempt
POST /cards/{card_id}/{step}
"""
_EDITORS = """
GET /dealers/new
GET /knowledge/articles
GET /knowledge/new
GET /knowledge/{article_id:int}/edit
GET /knowledge/{article_id:int}/versions
GET /sources/new
GET /sources/{source_id:int}/edit
POST /api/documents
POST /dealers/new
POST /dealers/{dealer_id:int}
POST /dealers/{dealer_id:int}/retired
POST /documents/{document_id:int}
POST /documents/{document_id:int}/publish
POST /documents/{document_id:int}/retire
POST /knowledge/new
POST /knowledge/{article_id:int}/edit
POST /knowledge/{article_id:int}/{step}
POST /sources/new
POST /sources/{source_id:int}/edit
POST /sources/{source_id:int}/retired
"""
_SUPERVISORS = """
GET /dealers/export.csv
GET /dealers/export.xlsx
POST /api/dealers/import
GET /quality
GET /quality/cards
GET /quality/cards/{card_id}
GET /quality/coaching
GET /quality/rounds/{round_id}
POST /quality/cards
POST /quality/cards/{card_id}/publish
POST /quality/choose
POST /quality/draw
POST /quality/reviews/{review_id}
POST /quality/rounds/{round_id}/close
POST /quality/rounds/{round_id}/score
POST /quality/samples/{sample_id}/round
POST /quality/samples/{sample_id}/score
POST /quality/samples/{sample_id}/skip
PUT /api/quality/cards/{card_id}
GET /api/recordings/live
GET /api/recordings/{call_id}/check
GET /admin
GET /admin/calendar
GET /admin/closure
GET /admin/letter
GET /admin/queues
GET /admin/scripts
GET /admin/staff
GET /admin/staff/{staff_id}
GET /admin/standards
GET /admin/topics
GET /api/console/messages
GET /api/console/state
GET /console
GET /console/events
GET /api/staffing
GET /directory/new
GET /calls/{call_id}
GET /directory/{entry_id}
GET /staffing
GET /staffing/roster
GET /staffing/roster.csv
GET /reports
GET /reports/abandoned
GET /reports/agents.csv
GET /reports/calls
GET /reports/export.csv
GET /reports/export.xlsx
PATCH /api/scripts/{script_id}
PATCH /api/topics/{topic_id}
POST /admin/calendar
POST /admin/calendar/{day}/remove
POST /admin/closure/{scope}/close
POST /admin/closure/{scope}/open
POST /admin/letter/{of}
POST /admin/letter/{of}/default
POST /admin/letter/{of}/preview
POST /admin/queues
POST /admin/scripts
POST /admin/scripts/{script_id}
POST /admin/staff/{staff_id}/log-out
POST /admin/staff/{staff_id}/password
POST /admin/staff/{staff_id}/unlock
POST /admin/standards/{channel}
POST /admin/topics/{topic_id}
POST /admin/topics/{topic_id}/add
POST /admin/topics/{topic_id}/move
POST /admin/topics/{topic_id}/retired
POST /api/console/agents/{extension}/log-out
POST /api/console/agents/{extension}/pause
POST /api/console/agents/{extension}/queues
POST /api/console/agents/{extension}/ready
POST /api/console/closure
POST /api/console/closure/open
POST /api/console/messages
POST /api/console/pull
POST /api/console/spy
POST /api/console/spy/mode
POST /api/console/spy/stop
POST /api/scripts
POST /api/topics
POST /directory/new
POST /directory/{entry_id}
POST /directory/{entry_id}/remove
POST /staffing/forecast
POST /staffing/forecast/{day}/drop
POST /staffing/roster
POST /staffing/roster/copy
POST /staffing/roster/import
POST /staffing/roster/{shift_id}/remove
PUT /api/standards/{channel}/{valid_from}
"""
_ADMINISTRATORS = """
GET /admin/audit
GET /admin/departments
GET /admin/departments/new
GET /admin/departments/{name}
GET /admin/pauses
GET /admin/staff/new
GET /admin/teams
POST /admin/departments
POST /admin/departments/{name}
POST /admin/departments/{name}/active
POST /admin/pauses
POST /admin/pauses/{name}
POST /admin/pauses/{name}/active
POST /admin/pauses/{name}/move
POST /admin/screen-key
POST /admin/staff
POST /admin/staff/{staff_id}
POST /admin/staff/{staff_id}/active
POST /admin/teams
POST /admin/teams/{team_id}
POST /admin/teams/{team_id}/remove
"""


def _lines(text: str, *roles: Role) -> dict[str, frozenset[Role]]:
    return {line: frozenset({*roles, ADMINISTRATOR}) for line in text.split("\n") if line}


ROLES: dict[str, frozenset[Role]] = {
    **_lines(_EVERYONE, *Role),
    **_lines(_AGENTS, AGENT, SUPERVISOR),
    **_lines(_OFFICE, AGENT, SUPERVISOR, OFFICER),
    **_lines(_EDITORS, SUPERVISOR, OFFICER),
    **_lines(_SUPERVISORS, SUPERVISOR),
    **_lines(_ADMINISTRATORS),
}
"""Route → roles that may pass its door."""

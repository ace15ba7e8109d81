"""What Asterisk says, and what it may be asked.

In: `ami_listener.client` (connection) → `ami_listener.translate` (message → `ami_listener.events`); after a gap
`ami_listener.journal` reads the same events from ``queue_log``. Events become records in `ami_listener.calls`
(``calls_*``: one part of a record each) and the present in `ami_listener.floor`. Out: `ami_listener.actions`.
"""

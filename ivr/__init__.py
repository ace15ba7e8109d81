"""What the service says and decides during a call, over FastAGI; the dialplan goes on without it after one second.

A route a module in `ivr.flows`, put together in `ivr.routes`; what they need from elsewhere are the protocols of
`ivr.ports` (`crm.ivr_adapters` gives them). Calls, keys and prompts: `ivr.session`; bytes: `ivr.agi`, `ivr.server`.
"""

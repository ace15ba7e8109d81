"""Asterisk: its configuration out of ``hotline.toml``, its installation and process, its voice.

`dialplan.sections` and `dialplan.site` describe a hotline; `dialplan.render` makes every file of Asterisk out of
``templates`` (what happens in a call is there); `dialplan.names` spells each shared name once. `dialplan.asterisk`
installs, starts and watches Asterisk; `dialplan.prompts` is what callers hear.
"""

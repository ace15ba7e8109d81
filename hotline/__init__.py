"""The program: settings, command line, and the wiring of everything below.

Where is what: `hotline.service` makes every part (composition root), `hotline.office` the pages with a log-in, one
module a feature. `hotline.settings` is the file ``hotline.toml``; `hotline.commands` has one module a command;
`hotline.simulation` plays callers and telephones; `hotline.doctor` looks at an installation.
"""

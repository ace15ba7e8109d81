"""Everything that is kept, and the pages: a folder a feature, its ``__init__`` says which.

In each: ``web`` (pages and requests) uses ``service`` uses ``models`` (tables); ``words`` has its texts in Thai and
English. Below all features: `crm.database`, `crm.audit`, `crm.live` (who is told what at once), `crm.web` (what pages
share), `crm.staff` (accounts, doors). `crm.recorder` writes what the listener tells of calls.
"""

"""How the tables became what they are: one step a file in ``versions``, run by `crm.database.upgrade`."""

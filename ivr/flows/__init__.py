"""One module a route that the dialplan asks during a call (`dialplan.names.Route`)."""

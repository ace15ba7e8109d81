"""The figures: what each means, and how they are told to Prometheus. Nothing here knows the database.

A call as a figure sees it: `metrics.facts`; counted: `metrics.tally`; each published figure with its definition:
`metrics.kpi`. Today: `metrics.book`. Prometheus: `metrics.exporter`. How many agents: `metrics.staffing` over
`metrics.forecast`, `metrics.patience` and `metrics.erlang`.
"""

"""Where people work: pages with a log-in, and what stands behind them.

`hotline.office.composition` puts the features together; every other module wires one of them (a feature's own folder in
`crm` says what it needs and knows nothing of the others). `hotline.office.house` has the menu.
"""

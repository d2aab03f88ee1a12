"""AWS on the wire: one port that speaks the protocols of four services.

In: HTTP requests, read and judged by botocore's service models (loaded as plain data; no botocore client runs here).
Out: HTTP answers. Between them stands one ``World.call`` with checked parameters; this package knows shapes,
protocols, signatures and faults, and nothing of what the operations mean.
"""

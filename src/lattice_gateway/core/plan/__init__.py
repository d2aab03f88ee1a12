"""From one desired unit and what exists to a plan: steps of operations, or a refusal.

Comes in: a desired unit (or its absence), the observed state of the same unit, who we are, and what is known of the
units around it. Goes out: a ``Plan`` or a ``Refusal``, pure values. Knows nothing of Kubernetes, of calls, or of time.
Ownership is decided here: no operation touches what is not ours.
"""

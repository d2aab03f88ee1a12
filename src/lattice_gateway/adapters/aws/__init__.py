"""AWS: our operations and reads as calls of aiobotocore, its answers and errors as our values.

In: operations and reads. Out: answers, observed values, ``LatticeFailure``. Knows nothing of plans and retries.
"""

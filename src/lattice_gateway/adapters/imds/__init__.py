"""EC2 metadata: who we are, where nobody said so.

In: the names of settings that are missing. Out: their values, or why each cannot be known, within five seconds.
"""

"""From verdicts and outcomes to the status of each object, as values.

In: views of the translation and outcomes of units. Out: conditions as the Gateway API wants them, and the mapping
that is written. It knows nothing of clocks (the time is a parameter) or of where a status is kept.
"""

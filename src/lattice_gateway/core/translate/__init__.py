"""From objects and facts to who attaches to what, and to the desired units of Lattice.

In: objects by kind, records of services, outcomes of units, remembered forms. Out: units and a topology with a
verdict for everything a person wrote. It knows nothing of plans, of the API of VPC Lattice or of where objects come
from. ``program.py`` is the table of contents.
"""

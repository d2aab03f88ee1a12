"""The shell around the core: it decides when to look and when to act, never what should be.

In: batches of a source, answers of VPC Lattice, records of an earlier process. Out: calls to VPC Lattice, records,
statuses. Everything outside is behind the protocols of ``ports``; time and randomness are passed in. It knows nothing
of files, a cluster or the wire.

``controller`` joins the parts: ``translation`` (and ``incremental`` below it) makes desired units of objects, ``units``
runs them through ``work`` (read, plan, ``execute``), ``mirror`` remembers what stands, ``calls`` paces what is sent,
``polls`` looks again at what Lattice changes by itself, ``account`` and ``sweeping`` watch what is ours.
"""

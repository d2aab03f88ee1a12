"""Real traffic for the emulated service.

In: the world's state (`derive`), or a `View` made by hand. Out: an Envoy that answers as VPC Lattice would, and what
its health checks saw, reported back to the world. `view`, `places`, `configuration`, `lower`, `routes`, `clusters`,
`listeners` and `verdict` are plain functions of values; `process`, `proxy`, `probe` and `plane` touch the machine.
Nothing here changes the world but for the health of targets.
"""

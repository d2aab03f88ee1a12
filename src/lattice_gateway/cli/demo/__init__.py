"""The launch post on one machine: emulator, controller and pods as real processes and servers, and real traffic.

``story`` tells it in order; the other modules are its stage: child processes, manifests, pods, traffic, figures.
"""

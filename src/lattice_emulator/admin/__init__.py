"""Everything around the service that AWS does not have: settings, state file, passing of time, the admin API.

In: a settings file, a state file, requests under ``/_emulator/``. Out: a running emulation and JSON about it.
"""

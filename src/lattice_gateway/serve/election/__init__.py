"""Who of several replicas leads: pure decisions about leases, and the thread that carries them out."""

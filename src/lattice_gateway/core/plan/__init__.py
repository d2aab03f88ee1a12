"""From one desired unit and what exists to a ``Plan`` or a refusal. Knows nothing of Kubernetes."""

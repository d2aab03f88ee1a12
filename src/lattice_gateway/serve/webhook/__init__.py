"""The webhook that gives pods a readiness gate: who gets one, the AdmissionReview around it, TLS.

In: pods that are about to be created, and the objects of the cluster as the source tells them. Out: a patch or none;
a pod is never refused, whatever goes wrong.
"""

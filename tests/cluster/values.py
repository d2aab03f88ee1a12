"""Values files for the chart."""

OF_THE_GO_CHART = """
image: {repository: elsewhere/gateway-controller, tag: v2.1.3, pullPolicy: Always, pullSecrets: [registry]}
nameOverride: ""
fullnameOverride: ""
deployment:
  annotations: {kubectl.kubernetes.io/default-container: manager}
  labels: {control-plane: gateway-api-controller}
  containerPort: 8080
  nodeSelector: {kubernetes.io/os: linux}
  tolerations: [{key: dedicated, operator: Exists}]
  affinity: {}
  topologySpreadConstraints: []
  priorityClassName: system-cluster-critical
  replicas: 2
  podSecurityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containerSecurityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}
role: {labels: {team: network}}
metrics: {service: {create: true, type: NodePort}}
resources: {requests: {memory: 64Mi, cpu: 50m}, limits: {memory: 128Mi, cpu: 1}}
pdb: {enabled: true, minAvailable: 1}
log: {level: debug}
installScope: cluster
serviceAccount:
  create: true
  name: gateway-api-controller
  annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/VPCLatticeControllerIAMRole"}
awsRegion: us-west-2
awsAccountId: 111122223333
clusterVpcId: vpc-0123456789abcdef0
clusterName: shop
defaultServiceNetwork: shop
latticeEndpoint: https://vpc-lattice.us-west-2.amazonaws.com
enableServiceNetworkOverride: "True"
disableTaggingServiceApi: true
routeMaxConcurrentReconciles: 4
reconcileDefaultResyncSeconds: 300
webhookEnabled: true
webhookTLS: {caCert: null, certManager: {enabled: false, certificateName: "", certificateSecretName: webhook-cert}}
installExternalDNSCRD: false
someKeyThatNobodyKnows: {is: fine}
"""
"""Every value that the Go controller's chart has, and one that no chart has."""

EVERYTHING = """
metrics:
  serviceMonitor: {enabled: true, interval: 15s, labels: {release: prometheus}}
  alerts: {enabled: true, labels: {release: prometheus}}
  dashboard: {enabled: true}
networkPolicy:
  enabled: true
  metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  extraEgress: [{ports: [{port: 8443}]}]
pdb: {enabled: true}
validateCertificateRefs: true
gatewayCreatesServiceNetwork: false
sweepMinAge: 900
extraEnv: [{name: DEV_MODE, value: "yes"}]
installExternalDNSCRD: true
"""
"""All that is off unless asked for."""

NOTHING = """
image: {pullSecrets: null}
deployment: {annotations: null, labels: null, nodeSelector: null, tolerations: null, affinity: null, replicas: null,
  topologySpreadConstraints: null, priorityClassName: null, podSecurityContext: null, containerSecurityContext: null}
role: null
pdb: null
networkPolicy: null
webhookTLS: null
metrics: {serviceMonitor: null, alerts: null, dashboard: null}
serviceAccount: {annotations: null}
enableServiceNetworkOverride: null
"""
"""Null wherever a value may be missing."""

TEXTS = """
deployment: {replicas: "2", containerPort: "8080"}
pdb: {enabled: "true", minAvailable: "1"}
serviceAccount: {create: "true"}
metrics: {service: {create: "false"}}
installExternalDNSCRD: "false"
webhookEnabled: "TRUE"
"""
"""Numbers and switches as texts, as scripts give them."""

CERT_MANAGER = """
webhookTLS: {certManager: {enabled: true, certificateName: gateway, certificateSecretName: gateway-tls}}
"""
"""A certificate that cert-manager keeps."""

GIVEN = """
webhookTLS: {caCert: Y2E=, cert: Y2VydA==, key: a2V5}
"""
"""A certificate of one's own."""

{{/* Whether a value means yes: true, or the text in any case, as charts are often given it. */}}
{{- define "settings.yes" -}}
{{- if eq (toString . | lower) "true" }}yes{{ end -}}
{{- end -}}

{{/* Whether a value was given at all: 0 and false are, null and the empty text are not. */}}
{{- define "settings.given" -}}
{{- if not (or (kindIs "invalid" .) (eq (toString .) "")) }}yes{{ end -}}
{{- end -}}

{{/* A number as a person wrote it: YAML makes a float of a large one, and that prints with an exponent. */}}
{{- define "settings.text" -}}
{{- if kindIs "float64" . }}{{ if eq . (floor .) }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end }}{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{/* An account has twelve digits, also where YAML took it for a number and its leading zeros away. */}}
{{- define "settings.account" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ printf "%012d" (int64 .) }}{{ end -}}
{{- end -}}

{{/* Environment of the container: a variable for each value that is set. */}}
{{- define "settings.env" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: WEBHOOK_ENABLED
  value: {{ ternary "true" "false" (eq (include "settings.yes" .Values.webhookEnabled) "yes") | quote }}
- name: LOG_LEVEL
  value: {{ .Values.log.level | quote }}
{{- if .Values.awsAccountId }}
- name: AWS_ACCOUNT_ID
  value: {{ include "settings.account" .Values.awsAccountId | quote }}
{{- end }}
{{- $named := list
  (list "REGION" "awsRegion")
  (list "CLUSTER_VPC_ID" "clusterVpcId")
  (list "CLUSTER_NAME" "clusterName")
  (list "LATTICE_ENDPOINT" "latticeEndpoint")
  (list "DEFAULT_SERVICE_NETWORK" "defaultServiceNetwork")
  (list "ENABLE_SERVICE_NETWORK_OVERRIDE" "enableServiceNetworkOverride")
  (list "DISABLE_TAGGING_SERVICE_API" "disableTaggingServiceApi")
  (list "ROUTE_MAX_CONCURRENT_RECONCILES" "routeMaxConcurrentReconciles")
  (list "RECONCILE_DEFAULT_RESYNC_SECONDS" "reconcileDefaultResyncSeconds")
  (list "GATEWAY_CREATES_SERVICE_NETWORK" "gatewayCreatesServiceNetwork")
  (list "ENFORCE_REFERENCE_GRANTS" "enforceReferenceGrants")
  (list "VALIDATE_CERTIFICATE_REFS" "validateCertificateRefs")
  (list "PROPAGATE_TARGET_GROUP_POLICY" "propagateTargetGroupPolicy")
  (list "PATH_PREFIX_BY_ELEMENT" "pathPrefixByElement")
  (list "APPLY_SWITCHOVER_DIFFERENCES" "applySwitchoverDifferences")
  (list "TRUST_LAST_UPDATED_AT" "trustLastUpdatedAt")
  (list "SWEEP_MIN_AGE" "sweepMinAge")
  (list "WARM_UP_TIMEOUT" "warmUpTimeout")
}}
{{- $values := .Values }}
{{- range $named }}
{{- $value := index $values (index . 1) }}
{{- if include "settings.given" $value }}
- name: {{ index . 0 }}
  value: {{ include "settings.text" $value | quote }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What cannot work is refused here, with the reason, instead of in the cluster without one. */}}
{{- define "settings.check" -}}
{{- if ne .Values.installScope "cluster" }}
{{- fail (printf "installScope is %q: GatewayClasses, Namespaces and Gateways of other namespaces are read, so a Role is not enough; set installScope to cluster" .Values.installScope) }}
{{- end }}
{{- $pdb := .Values.pdb | default dict }}
{{- if and (include "settings.yes" $pdb.enabled) (include "settings.given" $pdb.minAvailable) (include "settings.given" $pdb.maxUnavailable) }}
{{- fail "pdb.minAvailable and pdb.maxUnavailable are both set; a PodDisruptionBudget has room for one" }}
{{- end }}
{{- end -}}

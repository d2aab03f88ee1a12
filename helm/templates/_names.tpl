{{/* Name of the chart, as the first part of fixed names. */}}
{{- define "names.chart" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of most objects: the override, else the release's name with the chart's in it. */}}
{{- define "names.full" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "names.chart" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "names.chart" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "names.metrics" -}}
{{- printf "%s-metrics" (include "names.chart" . | trunc 54 | trimSuffix "-") -}}
{{- end -}}

{{- define "names.account" -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}

{{/* The Secret with the webhook's certificate. */}}
{{- define "names.certificate" -}}
{{- ((.Values.webhookTLS | default dict).certManager | default dict).certificateSecretName | default "webhook-cert" -}}
{{- end -}}

{{/* What the Deployment and the Services know our pods by; it never changes between versions. */}}
{{- define "names.selector" -}}
app.kubernetes.io/name: {{ include "names.chart" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "names.labels" -}}
{{ include "names.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

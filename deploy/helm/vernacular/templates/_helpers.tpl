{{- define "vernacular.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "vernacular.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "vernacular.labels" -}}
{{ include "vernacular.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "vernacular.scheme" -}}
{{- if .Values.secrets.tls.name }}https{{ else }}http{{ end -}}
{{- end }}

{{/* The config, with what the chart itself decides: where the models file and the certificate are mounted. */}}
{{- define "vernacular.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.models }}
{{- $_ := set $config "models" (merge (dict "file" "/etc/vernacular/models.yaml") (default dict $config.models)) }}
{{- end }}
{{- if .Values.secrets.tls.name }}
{{- $_ := set $config.listen "tls_certificate" "/run/secrets/tls/tls.crt" }}
{{- $_ := set $config.listen "tls_key" "/run/secrets/tls/tls.key" }}
{{- end }}
{{- toYaml $config }}
{{- end }}

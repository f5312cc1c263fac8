{{- define "labels" -}}
app.kubernetes.io/name: nuxeo-frameio
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

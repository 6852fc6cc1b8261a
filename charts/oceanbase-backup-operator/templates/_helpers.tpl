{{/* One name for everything: two releases in one namespace, or two for all namespaces, would act on the same objects. Helm refuses the second. */}}
{{- define "operator.name" -}}
{{ .Chart.Name }}
{{- end }}

{{- define "operator.selector" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "operator.labels" -}}
{{- with .Values.commonLabels }}
{{- toYaml . }}
{{ end -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "operator.account" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "operator.name" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "operator.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/*
An object of files/rbac, as this release has it: its namespace and labels, Roles for the one namespace
that is watched in place of ClusterRoles, and the account of this release.
*/}}
{{- define "operator.shipped" -}}
{{- $root := .root }}
{{- $object := deepCopy .object }}
{{- $labels := include "operator.labels" $root | fromYaml }}
{{- $metadata := dict "name" $object.metadata.name }}
{{- $namespace := $root.Release.Namespace }}
{{- if hasPrefix "Cluster" $object.kind }}
  {{- $namespace = $root.Values.watchNamespace }}
  {{- if $namespace }}
    {{- $_ := set $object "kind" (trimPrefix "Cluster" $object.kind) }}
    {{- if $object.roleRef }}
      {{- $_ := set $object.roleRef "kind" "Role" }}
    {{- end }}
  {{- else }}
    {{- $labels = merge $labels $object.metadata.labels }}
  {{- end }}
{{- end }}
{{- if $namespace }}
  {{- $_ := set $metadata "namespace" $namespace }}
{{- end }}
{{- $_ := set $metadata "labels" $labels }}
{{- if eq $object.kind "ServiceAccount" }}
  {{- $_ := set $metadata "name" (include "operator.account" $root) }}
  {{- with $root.Values.serviceAccount.annotations }}
    {{- $_ := set $metadata "annotations" . }}
  {{- end }}
{{- end }}
{{- $_ := set $object "metadata" $metadata }}
{{- range $object.subjects }}
  {{- $_ := set . "name" (include "operator.account" $root) }}
  {{- $_ := set . "namespace" $root.Release.Namespace }}
{{- end }}
{{- toYaml $object }}
{{- end }}

{{/*
A file of files/admission, as this release has it: its labels, its groups and its account. Policies belong to
the whole cluster: those of a release for one namespace have its name in theirs, and are bound to it alone.
*/}}
{{- define "operator.policies" -}}
{{- $root := .root }}
{{- $namespace := $root.Values.watchNamespace }}
{{- range splitList "\n---\n" ($root.Files.Get .file) }}
{{- $object := fromYaml . }}
{{- $name := $object.metadata.name }}
{{- if $namespace }}
  {{- $name = printf "%s-%s" $name $namespace }}
{{- end }}
{{- $labels := include "operator.labels" $root | fromYaml }}
{{- $_ := set $object "metadata" (dict "name" $name "labels" $labels) }}
{{- if $object.spec.policyName }}
  {{- $_ := set $object.spec "policyName" $name }}
  {{- if $namespace }}
    {{- $selector := dict "matchLabels" (dict "kubernetes.io/metadata.name" $namespace) }}
    {{- $_ := set $object.spec "matchResources" (dict "namespaceSelector" $selector) }}
  {{- end }}
{{- end }}
{{- range $object.spec.matchConditions }}
  {{- if eq .name "not-the-operator" }}
    {{- $_ := set . "expression" (printf "request.userInfo.username != 'system:serviceaccount:%s:%s'" $root.Release.Namespace (include "operator.account" $root)) }}
  {{- end }}
{{- end }}
{{- range $object.spec.variables }}
  {{- if eq .name "groups" }}
    {{- $_ := set . "expression" (toJson $root.Values.admissionPolicies.restrictedTasks.groups) }}
  {{- end }}
{{- end }}
---
{{ toYaml $object }}
{{ end }}
{{- end }}

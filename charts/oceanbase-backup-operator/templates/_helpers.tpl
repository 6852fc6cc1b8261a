{{/*
The name of all objects, regardless of the release. Two releases in one namespace, or two for all namespaces, would act
on the same objects: because of the equal names, Helm rejects the second release.
*/}}
{{- define "operator.name" -}}
{{ .Chart.Name }}
{{- end }}

{{- define "operator.selector" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "operator.labels" -}}
{{- $own := include "operator.selector" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_")) }}
{{- merge $own (.Values.commonLabels | default dict) | toYaml }}
{{- end }}

{{/* The labels above and further ones. The chart's own take precedence: some YAML parsers reject a duplicate label. */}}
{{- define "operator.labels.and" -}}
{{- merge (include "operator.labels" .root | fromYaml) (.more | default dict) | toYaml }}
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
An object of files/rbac with the namespace, labels and account of this release. With watchNamespaces, a
ClusterRole becomes a Role in each of these namespaces.
*/}}
{{- define "operator.shipped" -}}
{{- $root := .root }}
{{- $spaces := list $root.Release.Namespace }}
{{- if hasPrefix "Cluster" .object.kind }}
  {{- $spaces = $root.Values.watchNamespaces | default (list "") }}
{{- end }}
{{- range $namespace := $spaces }}
{{- $object := deepCopy $.object }}
{{- $labels := include "operator.labels" $root | fromYaml }}
{{- $metadata := dict "name" $object.metadata.name }}
{{- if not $namespace }}
  {{- $labels = merge $labels $object.metadata.labels }}
{{- else }}
  {{- $_ := set $metadata "namespace" $namespace }}
  {{- $_ := set $object "kind" (trimPrefix "Cluster" $object.kind) }}
  {{- if $object.roleRef }}
    {{- $_ := set $object.roleRef "kind" "Role" }}
  {{- end }}
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
---
{{ toYaml $object }}
{{ end }}
{{- end }}

{{/*
A file of files/admission with the labels, groups and account of this release. Policies are cluster-wide. With
watchNamespaces, the bindings select only these namespaces, and the names end in the namespace of the release, so
that names of two releases never collide. A hash replaces the namespace if the name would exceed 63 characters.
*/}}
{{- define "operator.policies" -}}
{{- $root := .root }}
{{- $namespaces := $root.Values.watchNamespaces }}
{{- $own := $root.Release.Namespace }}
{{- range splitList "\n---\n" ($root.Files.Get .file) }}
{{- $object := fromYaml . }}
{{- $name := $object.metadata.name }}
{{- if $namespaces }}
  {{- $name = printf "%s-%s" $name (gt (add (len $name) (len $own)) 62 | ternary (sha256sum $own | trunc 16) $own) }}
{{- end }}
{{- $labels := include "operator.labels" $root | fromYaml }}
{{- $_ := set $object "metadata" (dict "name" $name "labels" $labels) }}
{{- if $object.spec.policyName }}
  {{- $_ := set $object.spec "policyName" $name }}
  {{- if $namespaces }}
    {{- $among := dict "key" "kubernetes.io/metadata.name" "operator" "In" "values" $namespaces }}
    {{- $selector := dict "matchExpressions" (list $among) }}
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

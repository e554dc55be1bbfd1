{{/* The name of the operator's objects. */}}
{{- define "edge-stack.name" -}}
{{- .Values.fullnameOverride | default "edge-operator" -}}
{{- end -}}

{{/* The selector labels of the operator's pods. Never change them. The NetworkPolicies of the sites allow pods with this
     app.kubernetes.io/name in the operator's namespace to reach the brokers. */}}
{{- define "edge-stack.selector" -}}
app.kubernetes.io/name: edge-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The labels of the operator's pods; without versions, so that only a change of the pods themselves replaces them. */}}
{{- define "edge-stack.podLabels" -}}
{{ include "edge-stack.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: edge-stack
{{- end -}}

{{/* The labels of every object of the chart. */}}
{{- define "edge-stack.labels" -}}
{{ include "edge-stack.podLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{- define "edge-stack.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "edge-stack.name" .) -}}
{{- end -}}

{{- define "edge-stack.image" -}}
{{- $image := .Values.image -}}
{{- with .Values.imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* An object of files/operator-rbac.yaml with this release's names and namespace, its rules unchanged.
     Takes `root` and `object`. */}}
{{- define "edge-stack.rbac.object" -}}
{{- $root := .root -}}
{{- $name := include "edge-stack.name" $root -}}
{{- $object := .object -}}
{{- $metadata := $object.metadata -}}
{{- $_ := set $metadata "name" (replace "edge-operator" $name $metadata.name) -}}
{{- if hasKey $metadata "namespace" }}{{ $_ = set $metadata "namespace" $root.Release.Namespace }}{{ end -}}
{{- $_ = set $metadata "labels" (include "edge-stack.labels" $root | fromYaml) -}}
{{- with $object.roleRef }}{{ $_ = set . "name" (replace "edge-operator" $name .name) }}{{ end -}}
{{- range $object.subjects -}}
{{- $_ = set . "name" (include "edge-stack.serviceAccountName" $root) -}}
{{- $_ = set . "namespace" $root.Release.Namespace -}}
{{- end -}}
{{- if eq $object.kind "ServiceAccount" -}}
{{- $_ = set $metadata "name" (include "edge-stack.serviceAccountName" $root) -}}
{{- with $root.Values.serviceAccount.annotations }}{{ $_ = set $metadata "annotations" . }}{{ end -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

{{/* With watchNamespaces: the ClusterRoleBinding as a RoleBinding in each of these namespaces, and for the whole cluster
     only the right that is not in a namespace: to read our CRDs. Takes `root`, `binding` and `role`, both adapted already. */}}
{{- define "edge-stack.rbac.namespaced" -}}
{{- $binding := .binding -}}
{{- range uniq .root.Values.watchNamespaces }}
{{- $metadata := merge (dict "namespace" .) $binding.metadata }}
---
{{ toYaml (merge (dict "kind" "RoleBinding" "metadata" $metadata) $binding) }}
{{- end }}
{{- $rules := list }}
{{- range .role.rules }}
{{- if has "apiextensions.k8s.io" .apiGroups }}{{ $rules = append $rules . }}{{ end }}
{{- end }}
{{- $metadata := merge (dict "name" (printf "%s-crds" .role.metadata.name)) .role.metadata }}
---
{{ toYaml (merge (dict "metadata" $metadata "rules" $rules) .role) }}
---
{{ toYaml (merge (dict "metadata" $metadata "roleRef" (merge (dict "name" $metadata.name) $binding.roleRef)) $binding) }}
{{- end -}}

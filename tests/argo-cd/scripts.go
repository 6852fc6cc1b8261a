package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
)

const argoNamespace = "argocd"

// overrides are the customizations of all kinds, as Argo CD reads them from its ConfigMap.
type overrides map[string]v1alpha1.ResourceOverride

func overridesOf(ctx context.Context, file string) (overrides, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	configMap := corev1.ConfigMap{}
	if err := yaml.UnmarshalStrict(text, &configMap); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	// What is shipped is laid over the ConfigMap that Argo CD has, which has this label.
	configMap.Namespace = argoNamespace
	configMap.Labels = map[string]string{"app.kubernetes.io/part-of": "argocd"}
	manager := settings.NewSettingsManager(ctx, fake.NewClientset(&configMap), argoNamespace)
	return manager.GetResourceOverrides()
}

func forEach(input []byte, answer func(*unstructured.Unstructured) (any, error)) (any, error) {
	objects := []map[string]any{}
	if err := decode(input, &objects); err != nil {
		return nil, err
	}
	answers := make([]any, 0, len(objects))
	for _, object := range objects {
		one, err := answer(&unstructured.Unstructured{Object: object})
		if err != nil {
			return nil, err
		}
		answers = append(answers, one)
	}
	return answers, nil
}

func (o overrides) health(object *unstructured.Unstructured) (any, error) {
	// Not gitops-engine's function around it, which knows a default for every kind.
	return lua.ResourceHealthOverrides(o).GetResourceHealth(object)
}

func (o overrides) actions(object *unstructured.Unstructured) (any, error) {
	vm := lua.VM{ResourceOverrides: o}
	scripts, err := vm.GetResourceActionDiscovery(object)
	if err != nil {
		return nil, err
	}
	if len(scripts) == 0 {
		return []v1alpha1.ResourceAction{}, nil
	}
	found, err := vm.ExecuteResourceActionDiscovery(object, scripts)
	slices.SortFunc(found, func(a, b v1alpha1.ResourceAction) int { return strings.Compare(a.Name, b.Name) })
	return found, err
}

// request is what Argo CD's server sends for an action: an object to create, or a merge patch.
type request struct {
	Operation lua.K8SOperation `json:"operation"`
	Body      json.RawMessage  `json:"body"`
}

func (o overrides) action(input []byte, name string) (any, error) {
	object := &unstructured.Unstructured{}
	if err := decode(input, &object.Object); err != nil {
		return nil, err
	}
	vm := lua.VM{ResourceOverrides: o}
	action, err := vm.GetResourceAction(object, name)
	if err != nil {
		return nil, err
	}
	impacted, err := vm.ExecuteResourceAction(object, action.ActionLua, nil)
	if err != nil {
		return nil, err
	}
	requests := []request{}
	for _, resource := range impacted {
		body, err := resource.UnstructuredObj.MarshalJSON()
		if err == nil && resource.K8SOperation == lua.PatchOperation {
			body, err = jsonpatch.CreateMergePatch(input, body)
		}
		if err != nil {
			return nil, err
		}
		requests = append(requests, request{resource.K8SOperation, body})
	}
	return requests, nil
}

// decode keeps whole numbers whole, as Argo CD's own client does.
func decode(input []byte, into any) error {
	if err := yaml.Unmarshal(input, into, yaml.DisallowUnknownFields); err != nil {
		return fmt.Errorf("%s: %w", bytes.TrimSpace(input), err)
	}
	return nil
}

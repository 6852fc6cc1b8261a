package main

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	argocommon "github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/cache"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/sync"
	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
)

// application is what an Application says, as far as a sync needs it.
type application struct {
	name      string
	namespace string
}

// state is the desired objects of an application, and the cluster with the live ones.
type state struct {
	app     application
	config  *rest.Config
	kubectl kube.Kubectl
	cache   cache.ClusterCache
	targets []*unstructured.Unstructured
}

// tracking is the default since Argo CD 3.0.
const tracking = v1alpha1.TrackingMethodAnnotation

func (app application) state(input []byte) (*state, error) {
	config, err := clientcmd.BuildConfigFromFlags("", clientcmd.NewDefaultClientConfigLoadingRules().GetDefaultFilename())
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 100, 200
	instances := argo.NewResourceTracking()
	owner := func(object *unstructured.Unstructured) string {
		return instances.GetAppName(object, argocommon.LabelKeyAppInstance, tracking, "")
	}
	live := cache.NewClusterCache(config,
		cache.SetNamespaces([]string{app.namespace}),
		cache.SetLogr(logr.Discard()),
		cache.SetPopulateResourceInfoHandler(func(object *unstructured.Unstructured, _ bool) (any, bool) {
			name := owner(object)
			return name, name == app.name
		}))
	if err := live.EnsureSynced(); err != nil {
		return nil, fmt.Errorf("the cluster can not be read: %w", err)
	}
	targets, err := kube.SplitYAML(input)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		target.SetNamespace(app.namespace)
		err := instances.SetAppInstance(target, argocommon.LabelKeyAppInstance, app.name, app.namespace, tracking, "")
		if err != nil {
			return nil, err
		}
	}
	return &state{
		app:     app,
		config:  config,
		kubectl: &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NewLoggingTracer(logr.Discard())},
		cache:   live,
		targets: targets,
	}, nil
}

// objects are the desired and the live ones side by side, as they are now.
func (s *state) objects() (sync.ReconciliationResult, error) {
	managed, err := s.cache.GetManagedLiveObjs(s.targets, func(resource *cache.Resource) bool {
		return resource.Info == s.app.name
	})
	if err != nil {
		return sync.ReconciliationResult{}, err
	}
	return sync.Reconcile(s.targets, managed, s.app.namespace, s.cache), nil
}

// operation is the end of a sync.
type operation struct {
	Phase     string   `json:"phase"`
	Message   string   `json:"message"`
	Resources []synced `json:"resources"`
}

// synced is what became of one object. Order says in which wave.
type synced struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Hook    string `json:"hook"`
	Status  string `json:"status"`
	Phase   string `json:"phase"`
	Message string `json:"message"`
	Order   int    `json:"order"`
}

// synchronize applies what is desired, wave by wave, as `argocd app sync` has it done.
func synchronize(ctx context.Context, o overrides, app application, input []byte, prune bool) (any, error) {
	state, err := app.state(input)
	if err != nil {
		return nil, err
	}
	started := metav1.Now()
	phase, message, results := common.OperationRunning, "", []common.ResourceSyncResult{}
	for ctx.Err() == nil && !phase.Completed() {
		objects, err := state.objects()
		if err != nil {
			return nil, err
		}
		// A new one each time, as Argo CD's controller makes it: what it knows of live objects it knows from here.
		step, cleanup, err := sync.NewSyncContext("revision", objects, state.config, state.config,
			state.kubectl, app.namespace, state.cache.GetOpenAPISchema(),
			sync.WithHealthOverride(lua.ResourceHealthOverrides(o)),
			sync.WithInitialState(phase, message, results, started),
			sync.WithPrune(prune),
			sync.WithLogr(logr.Discard()))
		if err != nil {
			return nil, err
		}
		step.Sync()
		phase, message, results = step.GetState()
		cleanup()
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	ended := operation{Phase: string(phase), Message: message, Resources: []synced{}}
	for _, result := range results {
		ended.Resources = append(ended.Resources, synced{
			result.ResourceKey.Kind, result.ResourceKey.Name, string(result.HookType),
			string(result.Status), string(result.HookPhase), result.Message, result.Order,
		})
	}
	return ended, nil
}

// difference is an object that is not in Git what it is in the cluster.
type difference struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	By        string `json:"by"`
	Live      string `json:"live"`
	Predicted string `json:"predicted"`
}

// compare says what `argocd app diff` shows, by each of Argo CD's three ways to compare.
func compare(_ context.Context, o overrides, app application, input []byte) (any, error) {
	state, err := app.state(input)
	if err != nil {
		return nil, err
	}
	objects, err := state.objects()
	if err != nil {
		return nil, err
	}
	applier, cleanup, err := kube.ManageServerSideDiffDryRuns(state.config, state.cache.GetOpenAPISchema(),
		tracing.NewLoggingTracer(logr.Discard()), logr.Discard(), nil)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	builder := func() *argodiff.DiffConfigBuilder {
		return argodiff.NewDiffConfigBuilder().
			WithDiffSettings(nil, o, false, normalizers.IgnoreNormalizerOpts{}).
			WithTracking(argocommon.LabelKeyAppInstance, string(tracking)).
			WithNoCache().
			WithGVKParser(state.cache.GetGVKParser()).
			WithManager(argocommon.ArgoCDSSAManager).
			WithLogger(logr.Discard())
	}
	ways := map[string]*argodiff.DiffConfigBuilder{
		"three-way":        builder(),
		"structured-merge": builder().WithStructuredMergeDiff(true),
		"server-side": builder().WithServerSideDiff(true).
			WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(applier)),
	}
	differences := []difference{}
	for way, settings := range ways {
		config, err := settings.Build()
		if err != nil {
			return nil, err
		}
		results, err := argodiff.StateDiffs(objects.Live, objects.Target, config)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way, err)
		}
		for i, result := range results.Diffs {
			if !result.Modified {
				continue
			}
			object := objects.Live[i]
			if object == nil {
				object = objects.Target[i]
			}
			differences = append(differences, difference{
				object.GetKind(), object.GetName(), way, string(result.NormalizedLive), string(result.PredictedLive),
			})
		}
	}
	return differences, nil
}

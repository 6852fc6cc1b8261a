// Command control-plane is a whole Kubernetes control plane in one binary, for tests and the demo:
// etcd, kube-apiserver, kube-controller-manager and kubectl, each under its own command line, and
// the supervisor `up` that runs the first three of them on loopback ports.
//
// Linux only: the parent-death signal is what ties the servers to their supervisor.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

const usage = `usage: control-plane up --dir DIR       run until stdin ends, SIGINT or SIGTERM
       control-plane kubectl ...        the kubectl of the same version
       control-plane ROLE ...           one server: etcd, kube-apiserver, kube-controller-manager
`

// Names under which the supervisor starts its servers, here and in $KUBEBUILDER_ASSETS.
const (
	etcdRole              = "etcd"
	apiServerRole         = "kube-apiserver"
	controllerManagerRole = "kube-controller-manager"
)

var commands = map[string]func() int{
	etcdRole:              runEtcd,
	apiServerRole:         runAPIServer,
	controllerManagerRole: runControllerManager,
	"kubectl":             runKubectl,
	"up":                  runUp,
}

func main() {
	command, known := commands[filepath.Base(os.Args[0])]
	if !known && len(os.Args) > 1 {
		// The embedded programs read os.Args themselves and name their client after os.Args[0].
		os.Args = os.Args[1:]
		command, known = commands[os.Args[0]]
	}
	if !known {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(command())
}

func runEtcd() int {
	dieWithSupervisor()
	// The default of 64 MB is allocated twice before the first key is written.
	wal.SegmentSizeBytes = 4 << 20
	etcdmain.Main(os.Args)
	return 0
}

func runAPIServer() int {
	dieWithSupervisor()
	return cli.Run(apiserver.NewAPIServerCommand())
}

func runControllerManager() int {
	dieWithSupervisor()
	return cli.Run(controllers.NewControllerManagerCommand())
}

func runKubectl() int {
	return cli.Run(kubectl.NewDefaultKubectlCommand())
}

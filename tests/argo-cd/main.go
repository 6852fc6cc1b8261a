// argo-cd is what the tests need of Argo CD, run by its own code: the settings of argocd-cm, the Lua
// engine, the comparison of live and desired objects, and the sync with its waves and hooks. It has no
// repository, no server and no Application: manifests come from standard input.
//
//	argo-cd health  ARGOCD-CM        reads a JSON list of objects, prints their health
//	argo-cd actions ARGOCD-CM        reads a JSON list of objects, prints the actions of each
//	argo-cd action  ARGOCD-CM NAME   reads an object, prints what the action sends to the API server
//	argo-cd sync    ARGOCD-CM APPLICATION NAMESPACE [prune]    reads manifests, prints the operation
//	argo-cd diff    ARGOCD-CM APPLICATION NAMESPACE            reads manifests, prints what differs
//
// ARGOCD-CM is the file of a ConfigMap. The last two find their cluster by KUBECONFIG.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sirupsen/logrus"
)

// patience is how long one command may take.
const patience = 3 * time.Minute

func main() {
	logrus.SetOutput(os.Stderr)
	logrus.SetLevel(logrus.WarnLevel)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := run(ctx, os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "argo-cd:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) (any, error) {
	if len(arguments) < 2 {
		return nil, fmt.Errorf("usage: argo-cd health|actions|action|sync|diff ARGOCD-CM ...")
	}
	command, rest := arguments[0], arguments[2:]
	overrides, err := overridesOf(ctx, arguments[1])
	if err != nil {
		return nil, err
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	switch {
	case command == "health" && len(rest) == 0:
		return forEach(input, overrides.health)
	case command == "actions" && len(rest) == 0:
		return forEach(input, overrides.actions)
	case command == "action" && len(rest) == 1:
		return overrides.action(input, rest[0])
	case command == "sync" && len(rest) >= 2:
		prune := len(rest) == 3 && rest[2] == "prune"
		return synchronize(ctx, overrides, application{rest[0], rest[1]}, input, prune)
	case command == "diff" && len(rest) == 2:
		return compare(ctx, overrides, application{rest[0], rest[1]}, input)
	}
	return nil, fmt.Errorf("%q can not be run with %d arguments", command, len(rest))
}

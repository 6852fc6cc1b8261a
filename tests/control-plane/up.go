package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Far above the two or three seconds a start takes: a machine busy with a build is no failure.
const startLimit = 120 * time.Second

const pollInterval = 20 * time.Millisecond

var errStopped = errors.New("asked to stop")

// announcement is the one line on stdout that says the control plane is ready.
type announcement struct {
	Kubeconfig string `json:"kubeconfig"`
	Server     string `json:"server"`
	Token      string `json:"token"`
}

func runUp() int {
	// A set of its own: the embedded programs put dozens of flags into the global one.
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory for data, keys, logs and the kubeconfig")
	if flags.Parse(os.Args[1:]) != nil {
		return 2
	}
	if *dir == "" || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	// The parent-death signal of the servers is tied to the thread that starts them.
	runtime.LockOSThread()

	running, err := newSupervisor(*dir)
	if err == nil {
		err = running.serve()
		running.killAll()
	}
	if err != nil && !errors.Is(err, errStopped) {
		fmt.Fprintln(os.Stderr, "control-plane:", err)
		return 1
	}
	return 0
}

// serve returns for one of three reasons: it was asked to stop, a server could not be started, or a
// server ended by itself.
func (s *supervisor) serve() error {
	ready, err := s.startAll()
	if err != nil {
		return err
	}
	line, err := json.Marshal(ready)
	if err != nil {
		return err
	}
	if _, err := fmt.Println(string(line)); err != nil {
		return err
	}
	select {
	case <-s.stop:
		return errStopped
	case early := <-s.exits:
		return early
	}
}

// startAll starts the servers one after the other, each when the one it talks to answers.
func (s *supervisor) startAll() (announcement, error) {
	admin, err := writeCredentials(s.dir)
	if err != nil {
		return announcement{}, err
	}
	store, err := s.startEtcd()
	if err != nil {
		return announcement{}, err
	}
	server, err := s.startAPIServer(store, admin)
	if err != nil {
		return announcement{}, err
	}
	kubeconfig := filepath.Join(s.dir, "kubeconfig")
	if err := writeKubeconfig(kubeconfig, server, admin); err != nil {
		return announcement{}, err
	}
	if err := s.startControllerManager(kubeconfig); err != nil {
		return announcement{}, err
	}
	return announcement{Kubeconfig: kubeconfig, Server: server, Token: admin.token}, nil
}

// await polls until ready finds nothing to complain about.
func (s *supervisor) await(role string, ready func() error) error {
	limit := time.After(startLimit)
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	complaint := errors.New("not asked yet")
	for {
		select {
		case <-s.stop:
			return errStopped
		case early := <-s.exits:
			return early
		case <-limit:
			return fmt.Errorf("%s was not ready after %s: %w", role, startLimit, complaint)
		case <-poll.C:
			if complaint = ready(); complaint == nil {
				return nil
			}
		}
	}
}

// stopRequests is closed at the end of stdin, which is how the starter's death is seen, and at the
// first SIGINT or SIGTERM.
func stopRequests() <-chan struct{} {
	stop := make(chan struct{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	inputEnd := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(inputEnd)
	}()
	go func() {
		select {
		case <-signals:
		case <-inputEnd:
		}
		close(stop)
	}()
	return stop
}

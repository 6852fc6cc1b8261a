package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Set for the servers that a supervisor started, and only for them: their stdin is its pipe.
const supervisedVariable = "CONTROL_PLANE_SUPERVISED"

// A quarter of the usual collections: the servers live for minutes and the machine has memory for a
// heap of five times what is in use.
const garbageCollection = "GOGC=400"

const reportedLogLines = 20

// Room for every server's end: after the first nobody reads on.
const serverCount = 3

// ended is how one server left.
type ended struct {
	role    string
	logPath string
	cause   error
}

func (e ended) Error() string {
	cause := "exit status 0"
	if e.cause != nil {
		cause = e.cause.Error()
	}
	return fmt.Sprintf("%s ended early (%s); last lines of %s:\n%s",
		e.role, cause, e.logPath, lastLines(e.logPath, reportedLogLines))
}

// supervisor owns the servers and their directory.
type supervisor struct {
	dir      string
	children []*os.Process
	exits    chan ended
	reaped   sync.WaitGroup
	stop     <-chan struct{}
}

func newSupervisor(dir string) (*supervisor, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return nil, err
	}
	exits := make(chan ended, serverCount)
	return &supervisor{dir: absolute, exits: exits, stop: stopRequests()}, nil
}

// start starts a server that cannot outlive this process: the kernel kills it when the calling
// thread ends, so the caller has to be locked to its thread for good.
func (s *supervisor) start(role string, args ...string) error {
	program, argv0, err := findProgram(role)
	if err != nil {
		return err
	}
	logPath := filepath.Join(s.dir, role+".log")
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer log.Close()

	command := exec.Command(program)
	command.Args = append([]string{argv0}, args...)
	command.Env = append(os.Environ(), supervisedVariable+"=1", garbageCollection)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		// Ctrl-C in a terminal is for the supervisor alone: it would report the servers' own
		// shutdown as a crash.
		Setpgid: true,
	}
	// The write end stays open in this process alone, until Wait closes it.
	if _, err := command.StdinPipe(); err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", role, err)
	}
	s.children = append(s.children, command.Process)
	s.reaped.Go(func() { s.exits <- ended{role, logPath, command.Wait()} })
	return nil
}

// killAll asks nobody: a graceful end takes the API server seconds, and nothing here is kept.
func (s *supervisor) killAll() {
	for _, child := range s.children {
		_ = child.Kill()
	}
	s.reaped.Wait()
}

// findProgram looks a server up among the envtest binaries, if there are any, and takes the one
// inside this program otherwise.
func findProgram(role string) (program, argv0 string, err error) {
	if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" {
		path := filepath.Join(assets, role)
		_, err := os.Stat(path)
		if err == nil {
			return path, path, nil
		}
		// envtest ships no controller manager; the other two have to be there, or a wrong path
		// would silently test another version.
		if role != controllerManagerRole {
			return "", "", fmt.Errorf("KUBEBUILDER_ASSETS: %w", err)
		}
	}
	self, err := os.Executable()
	return self, role, err
}

// dieWithSupervisor is the second line behind the parent-death signal.
func dieWithSupervisor() {
	if os.Getenv(supervisedVariable) == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}

func lastLines(path string, count int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

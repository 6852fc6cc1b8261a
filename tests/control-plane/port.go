package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// reservePort binds a free loopback port for as long as this process lives and returns its number.
// The socket never listens, so it takes no connection; the server binds beside it, with
// SO_REUSEPORT as here. A port that is let go of before its server takes it can be lost to any
// process that starts in between.
func reservePort() (int, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("reserve a port: %w", err)
	}
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, fmt.Errorf("reserve a port: %w", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, fmt.Errorf("reserve a port: %w", err)
	}
	address, err := unix.Getsockname(socket)
	if err != nil {
		return 0, fmt.Errorf("reserve a port: %w", err)
	}
	loopback, ok := address.(*unix.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("reserve a port: unexpected address %v", address)
	}
	return loopback.Port, nil
}

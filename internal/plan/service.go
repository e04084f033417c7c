package plan

import (
	"encoding/json"
	"fmt"
	"time"
)

// Service is a process that a step's command needs beside it: it has a root
// file system of its own, shares the step's network and nothing else, and ends
// with the step. The order of a step's services is the order of their start;
// each starts when the one before is ready.
type Service struct {
	Name string `json:"name"`
	// Image names the root file system, a member of Graph.Images; the service
	// has its own copy, discarded when the step ends.
	Image   string   `json:"image"`
	Command []string `json:"command"`
	// Env is NAME=value, sorted by name, on top of the image's.
	Env []string `json:"env,omitempty"`
	// Dir is the working directory, absolute.
	Dir string `json:"dir"`
	// User is who runs it, as in an image's configuration: NAME or ID, with
	// :GROUP or without; empty: root.
	User string `json:"user,omitempty"`
	// Address is the loopback address that Name stands for in the step, one
	// for each of its services, so that two may have the same port.
	Address string `json:"address"`
	Ready   Ready  `json:"ready"`
	Range   Range  `json:"range,omitzero"`
}

// Ready says when a service is ready: when a connection to a port of its
// address is accepted, when a command in its file system ends with zero, or at
// once.
type Ready struct {
	// TCP is the port; zero: none.
	TCP     int      `json:"tcp,omitempty"`
	Command []string `json:"command,omitempty"`
	// Timeout is how long it may take.
	Timeout time.Duration `json:"timeout"`
}

// serviceAddress is the loopback address of a step's service by its number,
// counted from zero. 127.0.0.1 stays the step's own.
func serviceAddress(i int) string { return fmt.Sprintf("127.0.0.%d", i+2) }

// MaxServices bounds the services of a step.
const MaxServices = 64

// Addressed gives each service its address.
func Addressed(services []Service) []Service {
	for i := range services {
		services[i].Address = serviceAddress(i)
	}
	return services
}

// ServiceFailure is the service for which a step failed.
type ServiceFailure struct {
	Name string `json:"name"`
	// Reason says what happened to it.
	Reason string `json:"reason"`
	// Log is the file with what it printed, in the folder of the result.
	Log   string `json:"-"`
	Range Range  `json:"range,omitzero"`
}

// key is the service as a part of a step's key: without its place in a file,
// and with its image by content.
func (s Service) key(image Image) KeyPart {
	name := s.Name
	s.Range = Range{}
	s.Image = image.Digest
	b, err := json.Marshal(struct {
		Service
		ImageEnv []string `json:"image_env"`
	}{s, image.Env})
	if err != nil {
		panic("plan: a service that JSON can't hold: " + err.Error())
	}
	return KeyPart{"service " + name, string(b)}
}

package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// What is said beside BuildKit's API, as JSON in a message of bytes: a service
// of three methods is no reason for a code generator.
const (
	serviceName  = "sixty.serve.v1.Server"
	attendMethod = "/" + serviceName + "/Attend"
	statusMethod = "/" + serviceName + "/Status"
	stopMethod   = "/" + serviceName + "/Stop"
)

// hello begins a run.
type hello struct {
	Identity Identity `json:"identity"`
}

// stop asks a server to end: when its runs are over, or now.
type stop struct {
	Now bool `json:"now"`
}

// Status is what a server says of itself.
type Status struct {
	PID      int      `json:"pid"`
	Version  string   `json:"version"`
	Identity Identity `json:"identity"`
	// Engine names the engine and its version.
	Engine  string    `json:"engine"`
	Started time.Time `json:"started"`
	// Runs are the commands that attend now, Served all that ever did.
	Runs   int `json:"runs"`
	Served int `json:"served"`
	// IdleSince is when the last run ended; zero while there is one.
	IdleSince time.Time `json:"idle_since,omitzero"`
	// IdleLimit is how long the server stays without a run, in nanoseconds.
	IdleLimit time.Duration `json:"idle_limit_ns"`
	// Stopping says that it takes no further runs.
	Stopping bool `json:"stopping,omitempty"`
	// MemoryBytes is the memory that the process holds (VmRSS of proc(5)).
	MemoryBytes int64 `json:"memory_bytes"`
	// Log is the file that the server writes what goes wrong to.
	Log string `json:"log"`
}

func pack(v any) (*wrapperspb.BytesValue, error) {
	b, err := json.Marshal(v)
	return wrapperspb.Bytes(b), err
}

func unpack(m *wrapperspb.BytesValue, v any) error {
	if err := json.Unmarshal(m.GetValue(), v); err != nil {
		return fmt.Errorf("a message that can't be read: %w", err)
	}
	return nil
}

// service describes the methods to gRPC.
var service = grpc.ServiceDesc{
	ServiceName: serviceName,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Status", Handler: unary(func(h *host, _ *struct{}) Status { return h.status() })},
		{MethodName: "Stop", Handler: unary(func(h *host, s *stop) Status { h.stop(s.Now); return h.status() })},
	},
	Streams: []grpc.StreamDesc{{StreamName: "Attend", Handler: func(h any, s grpc.ServerStream) error { return h.(*host).attend(s) }, ServerStreams: true, ClientStreams: true}},
}

// unary is the handler of a method that takes and gives one value.
func unary[In, Out any](do func(*host, *In) Out) grpc.MethodHandler {
	return func(h any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		m := &wrapperspb.BytesValue{}
		if err := decode(m); err != nil {
			return nil, err
		}
		var in In
		if err := unpack(m, &in); err != nil {
			return nil, err
		}
		return pack(do(h.(*host), &in))
	}
}

// call is a unary call from the client's side.
func call[Out any](ctx context.Context, conn grpc.ClientConnInterface, method string, in any) (Out, error) {
	var out Out
	m, err := pack(in)
	if err != nil {
		return out, err
	}
	reply := &wrapperspb.BytesValue{}
	if err := conn.Invoke(ctx, method, m, reply); err != nil {
		return out, err
	}
	return out, unpack(reply, &out)
}

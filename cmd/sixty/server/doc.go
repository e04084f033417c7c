// Package server keeps one embedded engine running from one command to the
// next, so that later runs find it warm.
//
// There is at most one server for a state folder. It listens on a Unix socket
// in a folder that only its owner can enter, and serves BuildKit's own API and
// beside it what is told here: [Connect] reaches the server or starts one,
// [Serve] is the server itself. Each run attends: it holds a stream open for as
// long as it lasts. A server that nobody attends to ends after a while.
//
// A server serves commands of its own build and environment alone. To any other
// it says who it is, finishes what it has, and makes room.
package server

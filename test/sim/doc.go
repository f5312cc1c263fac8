// Package sim runs the whole connector between both simulated systems in a
// bubble of fake time, on a network in memory, under faults that follow from a
// seed.
//
// It owns the story of a seed (what people do and when), the faults, the clocks
// of the nodes, their crashes, and the model that says what must be true when
// the faults have stopped and everything has settled. The connector is the real
// one: app.New with its engine, its store on a SQLite file, its HTTP face; only
// the job library is replaced by a queue whose delays follow from the seed.
//
// What is deterministic: the story, and for each call which fault befalls it,
// since that is a hash of the seed, the call and how often it was made. With one
// node and one worker the effects of a seed are the same in every run, and a
// test makes sure of it. What is not: the order of what happens within one
// instant, which the Go scheduler decides. A failing seed of several workers may
// therefore need a few runs to fail again.
//
// It leaves out what a bubble cannot hold: real sockets and TLS, fsync and full
// disks, processes that are killed for good, two processes on one file, the job
// library and PostgreSQL. Bytes that change on their way from Frame.io cannot be
// noticed, because Frame.io tells no digest; only what changes on its way to
// Nuxeo is simulated.
package sim

//go:build race

package nuxeosim

const raceEnabled = true

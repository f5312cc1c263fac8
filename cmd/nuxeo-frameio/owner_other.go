//go:build !unix

package main

// sameOwner does nothing where files have no numbered owner.
func sameOwner(_, _ string) error { return nil }

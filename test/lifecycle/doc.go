// Package lifecycle tests what an installation goes through in years: pauses, clean-up,
// backup and restore, the move to another database, several nodes. The tests
// attack the invariants with what operators do; those of the byte path and of
// single steps are in test/e2e and beside the features.
package lifecycle

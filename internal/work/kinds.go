package work

import "slices"

// Kinds say what the kinds of items are to people.
type Kinds struct {
	// Housekeeping are mails and what else follows by itself. Lists of what people do leave them out.
	Housekeeping []string
	// Batched are assets and documents: those of one parent are a batch.
	Batched []string
	// Listing are those that find the others of a batch, like a selected folder. They count until
	// they have.
	Listing []string
}

// Classify says what the kinds are. It is called once, before the engine is used.
func (e *Engine) Classify(k Kinds) { e.kinds = k }

func (k Kinds) keepsHouse(kind string) bool { return slices.Contains(k.Housekeeping, kind) }

// ofBatches are all kinds of which batches consist.
func (k Kinds) ofBatches() []string { return slices.Concat(k.Batched, k.Listing) }

// IsHousekeeping reports whether items of a kind are mails or other housekeeping.
func (e *Engine) IsHousekeeping(kind string) bool { return e.kinds.keepsHouse(kind) }

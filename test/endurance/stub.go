package main

import "context"

func (e *endurance) storm(ctx context.Context) error { return nil }
func (e *endurance) secrets(ctx context.Context) error { return nil }

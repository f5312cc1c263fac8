package foldersync

import "context"

// Folder is told that something happened to a folder on Frame.io. The next run finds
// what it was.
func (s *Service) Folder(context.Context, string, string, string) error { return nil }

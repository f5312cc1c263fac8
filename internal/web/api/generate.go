// Package api is the REST interface as openapi.yaml describes it: types and a
// server's frame, which are generated, and a client.
//
// It owns nothing but the description. Edit openapi.yaml and run
// `make generate`; a test fails when the generated code is not up to date. A new
// operation gets a line in operations.go, as a test reminds you.
package api

//go:generate go tool -modfile=../../../tools/go.mod oapi-codegen -config config.yaml openapi.yaml

// Package api is the REST interface as openapi.yaml describes it: types, a
// server's frame and a client, all generated.
//
// It owns nothing but the description. Edit openapi.yaml and run
// `make generate`; a test fails when the generated code is not up to date.
package api

//go:generate go tool -modfile=../../../tools/go.mod oapi-codegen -config config.yaml openapi.yaml

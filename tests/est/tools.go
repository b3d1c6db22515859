//go:build tools

// Package est names the EST server that tests are run against, so that its version and digest are pinned here.
package est

import _ "github.com/globalsign/est/cmd/estserver"

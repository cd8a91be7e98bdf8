// Package web holds the pages that the binary serves to browsers: for now the playground, in which
// a reader asks GraphQL questions. Their source is beside this file and is built with npm; the
// result, in dist, is committed, so that Go alone builds a working binary.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

//go:embed all:dist
var dist embed.FS

// ContentSecurityPolicy is the Content-Security-Policy under which the pages work. It allows no
// script, style, font, image, worker or connection from another host, nor inline script or eval.
// Inline styles are allowed because the editor positions its text with them, and data: images and
// fonts because its style sheet contains some.
const ContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Assets gives the built files, read-only and rooted at dist, so that the file
// playground/index.html is the page at /playground/.
func Assets() fs.FS {
	assets, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // Impossible: the name is constant and valid, which is all that Sub checks.
	}
	return assets
}

// Handler serves [Assets] from the root of a site, so it is mounted at "/playground/" without
// stripping that prefix. It sets [ContentSecurityPolicy], lets browsers keep the files whose names
// carry a hash of their content for a year, and makes them ask again for the rest. Browsers that
// take gzip get it: the editor is several megabytes of text. Folders without an index.html answer
// 404 and are never listed.
func Handler() http.Handler {
	assets := Assets()
	files := http.FileServerFS(assets)
	return gzhttp.GzipHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", ContentSecurityPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")

		name := path.Join(".", path.Clean("/"+r.URL.Path))
		if info, err := fs.Stat(assets, name); err == nil && info.IsDir() {
			if _, err := fs.Stat(assets, path.Join(name, "index.html")); err != nil {
				http.NotFound(w, r)
				return
			}
		}
		if strings.Contains(name, "/assets/") {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			header.Set("Cache-Control", "no-cache")
		}
		files.ServeHTTP(w, r)
	}))
}

package server

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// responseMediaType chooses the media type of the response by the header Accept. It is empty if the client accepts
// neither. The newer type must be accepted by name, and wins a tie.
func responseMediaType(r *http.Request) string {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return jsonType
	}
	older, _ := quality(accept, jsonType)
	newer, named := quality(accept, responseType)
	switch {
	case newer > 0 && (named && newer >= older || older == 0):
		return responseType
	case older > 0:
		return jsonType
	}
	return ""
}

// quality is the q of a media type, from the range of the header that fits it best: 0 is not accepted. named is whether
// that range is the type itself.
func quality(accept, mediaType string) (best float64, named bool) {
	family, _, _ := strings.Cut(mediaType, "/")
	bestFit := 0
	for _, accepted := range strings.Split(accept, ",") {
		ranged, parameters, err := mime.ParseMediaType(accepted)
		if err != nil || parameters["charset"] != "" && !strings.EqualFold(parameters["charset"], "utf-8") {
			continue
		}
		fit := map[string]int{"*/*": 1, family + "/*": 2, mediaType: 3}[ranged]
		if fit == 0 || fit < bestFit {
			continue
		}
		q := 1.0
		if text, given := parameters["q"]; given {
			if q, err = strconv.ParseFloat(text, 64); err != nil || q < 0 || q > 1 {
				continue
			}
		}
		if fit > bestFit || q > best {
			bestFit, best = fit, q
		}
	}
	return best, bestFit == 3
}

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

// responseMediaType chooses the media type of the answer by the header Accept. It is empty if the client takes
// neither. The newer type has to be asked for by name, and goes first when both are as welcome.
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

// quality is how welcome a media type is, by the range of the header that fits it best: 0 is not at all. Named is
// whether that range is the type itself.
func quality(accept, mediaType string) (welcome float64, named bool) {
	family, _, _ := strings.Cut(mediaType, "/")
	best := 0
	for _, accepted := range strings.Split(accept, ",") {
		ranged, parameters, err := mime.ParseMediaType(accepted)
		if err != nil || parameters["charset"] != "" && !strings.EqualFold(parameters["charset"], "utf-8") {
			continue
		}
		fit := map[string]int{"*/*": 1, family + "/*": 2, mediaType: 3}[ranged]
		if fit == 0 || fit < best {
			continue
		}
		q := 1.0
		if text, given := parameters["q"]; given {
			if q, err = strconv.ParseFloat(text, 64); err != nil || q < 0 || q > 1 {
				continue
			}
		}
		if fit > best || q > welcome {
			best, welcome = fit, q
		}
	}
	return welcome, best == 3
}

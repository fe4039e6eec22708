package httpd

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"clientele/internal/logging"
)

const (
	// paceFrom is from which length a response must be read at a pace, and how much of it is written at once. The system
	// buffers what is shorter.
	paceFrom = 64 << 10
	// paceStep is after how many bytes a new deadline is set, where less is written at once, as by a compressor.
	paceStep = 16 << 10
	// slowEvery is how often the log reports slow clients.
	slowEvery = time.Minute
)

// pace is how fast a client must read a long response, which occupies memory until then.
type pace struct {
	// stall is the longest pause.
	stall time.Duration
	// rate is how many bytes a second must be read on average, one stall aside.
	rate int64
}

var defaultPace = pace{stall: 15 * time.Second, rate: 32 << 10}

// deadline is when so many bytes must be written of a response that began at a time.
func (p pace) deadline(began, now time.Time, bytes int64) time.Time {
	stalled := now.Add(p.stall)
	tooSlow := began.Add(p.stall + time.Duration(float64(bytes)/float64(p.rate)*float64(time.Second)))
	if tooSlow.Before(stalled) {
		return tooSlow
	}
	return stalled
}

// keeping cuts off clients that do not read their responses at the pace, and logs it.
func (p pace) keeping(next http.Handler, log *slog.Logger) http.Handler {
	slow := logging.NewThrottle(slowEvery, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paced := &pacedWriter{ResponseWriter: w, pace: p}
		next.ServeHTTP(paced, r)
		if !paced.cut {
			return
		}
		if times, pass := slow.Pass("slow"); pass {
			log.WarnContext(r.Context(), "a client was cut off that did not read its response", "written", paced.written, "times", times)
		}
	})
}

// pacedWriter writes long responses in pieces, each with a deadline of its own.
type pacedWriter struct {
	http.ResponseWriter

	pace            pace
	began, deadline time.Time
	written         int64
	// timed is how much had been written when the deadline was set.
	timed int64
	cut   bool
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write implements http.ResponseWriter.
func (w *pacedWriter) Write(text []byte) (int, error) {
	all, long := 0, w.written+int64(len(text)) > paceFrom
	for {
		piece := text[all:min(len(text), all+paceFrom)]
		if long && (w.deadline.IsZero() || len(piece) >= paceStep || w.written-w.timed >= paceStep) {
			w.setDeadline(int64(len(piece)))
		}
		n, err := w.ResponseWriter.Write(piece)
		w.written += int64(n)
		all += n
		if err != nil {
			// Over HTTP/2 the error does not say why.
			w.cut = errors.Is(err, os.ErrDeadlineExceeded) || !w.deadline.IsZero() && !time.Now().Before(w.deadline)
			return all, err
		}
		if all == len(text) {
			return all, nil
		}
	}
}

func (w *pacedWriter) setDeadline(bytes int64) {
	now := time.Now()
	if w.began.IsZero() {
		w.began = now
	}
	// A writer without deadlines keeps that of the server.
	w.timed = w.written
	w.deadline = w.pace.deadline(w.began, now, w.written+bytes)
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(w.deadline)
}

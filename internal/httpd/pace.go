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
	// paceFrom is how long a response is whose pace counts, and how much of it is written at once. The system buffers
	// what is shorter.
	paceFrom = 64 << 10
	// paceStep is after how much a new deadline is set, if less is written at once, as a compressor does.
	paceStep = 16 << 10
	// slowEvery is how often the log says that clients do not read.
	slowEvery = time.Minute
)

// pace is how fast a client has to read a long response, whose memory it occupies until then.
type pace struct {
	// stall is how long nothing of it may be read.
	stall time.Duration
	// rate is how many bytes have to be read in a second, all in all, beside one stall.
	rate int64
}

var defaultPace = pace{stall: 15 * time.Second, rate: 32 << 10}

// deadline is until when so many bytes of a response have to be written that began to be.
func (p pace) deadline(began, now time.Time, bytes int64) time.Time {
	stalled := now.Add(p.stall)
	tooSlow := began.Add(p.stall + time.Duration(float64(bytes)/float64(p.rate)*float64(time.Second)))
	if tooSlow.Before(stalled) {
		return tooSlow
	}
	return stalled
}

// keeping cuts clients off that do not read their responses at the pace, and logs that they were.
func (p pace) keeping(next http.Handler, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
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

// Unwrap lets http.ResponseController reach what the server wrote with.
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
	// A writer that takes no deadline has that of the whole server.
	w.timed = w.written
	w.deadline = w.pace.deadline(w.began, now, w.written+bytes)
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(w.deadline)
}

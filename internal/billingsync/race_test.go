//go:build race

package billingsync_test

// A race shows in few orders of events as in many, and each takes ten times as long.
func init() { orders = 8 }

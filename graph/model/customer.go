// Package model holds the types of the schema: those that gqlgen makes, and the few that are written by hand.
package model

import "context"

// Archived reports whether the customer must appear in no answer.
func (c *Customer) Archived() bool { return c.DeletedAt != nil }

// Archived reports whether the edge leads to an archived customer.
func (e *CustomerEdge) Archived() bool { return e.Node.Archived() }

// CustomerConnection is a page of customers.
type CustomerConnection struct {
	PageInfo *PageInfo
	Edges    []*CustomerEdge
	// Count counts the customers on all pages; it runs only when it is asked for.
	Count func(context.Context) (int, error)
}

// SetEdges puts customers on the page, with the cursors of the first and the last.
func (c *CustomerConnection) SetEdges(edges []*CustomerEdge) {
	c.Edges, c.PageInfo.StartCursor, c.PageInfo.EndCursor = edges, nil, nil
	if n := len(edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &edges[0].Cursor, &edges[n-1].Cursor
	}
}

// TotalCount answers the field of that name.
func (c *CustomerConnection) TotalCount(ctx context.Context) (int, error) { return c.Count(ctx) }

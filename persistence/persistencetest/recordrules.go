package persistencetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"clientele/internal/domain"
	"clientele/persistence"
)

// rules are the cases for one kind of record, in the order of the sentences of persistence.Documents.
func (r records[D]) rules(reopen func(persistence.Store) (persistence.Store, error)) []rule {
	rules := []rule{
		{"a held id exists", r.heldIDExists},
		{"an insert keeps the version it carries", r.insertKeepsTheVersion},
		{"one of many inserts of an id wins", r.oneInsertWins},
		{"a replace needs the version before its own", r.replaceNeedsTheVersionBefore},
		{"one of many writers of a version wins", r.oneWriterOfAVersionWins},
		{"a missing id is not found", r.missingIDIsNotFound},
		{"an acknowledged write is seen", r.acknowledgedWriteIsSeen},
		{"get many answers what there is", r.getManyAnswersWhatThereIs},
		{"arguments are copied, results belong to the caller", r.documentsAreCopied},
		{"acknowledged writes outlive the store", r.acknowledgedWritesOutliveTheStore(reopen)},
		{"environments do not see one another", r.environmentsDoNotSeeOneAnother},
		{"pages in order of several fields meet everything once", r.pagesInOrder(r.severalFields())},
		{"lists follow every replace", r.listsFollowEveryReplace},
		{"every cursor names its position", r.everyCursorNamesItsPlace},
		{"paging returns once what stays among changes", r.walkMeetsWhatStays},
		{"a foreign cursor is refused", r.foreignCursorIsRefused},
		{"operators mean what Matches says", r.operatorsMeanWhatMatchesSays},
		{"random queries agree with the oracle", r.randomQueriesAgreeWithTheOracle(1)},
	}
	for _, field := range r.SortFields {
		rules = append(rules, rule{"pages in order of " + string(field) + " meet everything once", r.pagesInOrder(ordersBy(field))})
	}
	for i := range rules {
		rules[i].name = r.Name + ": " + rules[i].name
	}
	return rules
}

func (r records[D]) ref(d *D) domain.Ref { return r.head(d).Ref() }

// stored is the document that the store holds for d.
func (r records[D]) stored(t T, store persistence.Store, d *D) *D {
	t.Helper()
	got, err := r.of(store).Get(t.Context(), r.ref(d))
	if err != nil {
		t.Fatalf("get %q from %s: %v", r.id(d), r.Name, err)
	}
	return got
}

// expectStored expects the store to hold each document just so, however it is asked.
func (r records[D]) expectStored(t T, store persistence.Store, documents ...*D) {
	t.Helper()
	byEnvironment := map[string]map[string]*D{}
	for _, d := range documents {
		expectEqual(t, r.Name+" "+r.id(d), r.stored(t, store, d), d)
		ref := r.ref(d)
		if byEnvironment[ref.EnvironmentID] == nil {
			byEnvironment[ref.EnvironmentID] = map[string]*D{}
		}
		byEnvironment[ref.EnvironmentID][ref.RefID] = d
	}
	for environment, want := range byEnvironment {
		got, err := r.of(store).GetMany(t.Context(), environment, slices.Collect(maps.Keys(want)))
		if err != nil {
			t.Fatalf("get many from %s: %v", r.Name, err)
		}
		expectEqual(t, r.Name+" of "+environment, got, want)
	}
}

// writtenBy is another version of d, different for every i.
func (r records[D]) writtenBy(d *D, i int) *D {
	out := clone(d)
	r.head(out).UpdatedAt = noon.AddDate(0, 0, i)
	return out
}

func (r records[D]) heldIDExists(t T, store persistence.Store) {
	holder := r.filled(production, "id")
	r.insert(t, store, holder, r.filled(staging, "id"))
	for _, other := range []*D{holder, r.sparse(production, "id"), r.next(holder)} {
		expectError(t, "second insert", r.insertOne(t.Context(), store, other), persistence.ErrExists)
	}
	r.expectStored(t, store, holder, r.filled(staging, "id"))
	r.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 2, []*D{holder})
}

func (r records[D]) insertKeepsTheVersion(t T, store persistence.Store) {
	for _, version := range []int64{1, 2, 1 << 40} {
		d := r.sparse(production, strconv.FormatInt(version, 10))
		*r.version(d) = version
		r.insert(t, store, d)
		r.expectStored(t, store, d)
		r.replace(t, store, r.next(d))
		r.expectStored(t, store, r.next(d))
	}
}

func (r records[D]) oneInsertWins(t T, store persistence.Store) {
	for round := range 3 {
		d := r.filled(production, strconv.Itoa(round))
		errs := race(8, func(i int) error { return r.insertOne(t.Context(), store, r.writtenBy(d, i)) })
		r.expectStored(t, store, r.writtenBy(d, expectOneWinner(t, errs, persistence.ErrExists)))
	}
	if n, err := r.countAll(t.Context(), store, production, nil); n != 3 || err != nil {
		t.Errorf("got %d documents, %v, want 3", n, err)
	}
}

func (r records[D]) replaceNeedsTheVersionBefore(t T, store persistence.Store) {
	d := r.filled(production, "id")
	*r.version(d) = 5
	r.insert(t, store, d)
	for _, version := range []int64{-1, 0, 1, 4, 5, 7, 1 << 40} {
		other := r.writtenBy(d, 1)
		*r.version(other) = version
		expectError(t, fmt.Sprintf("replace version 5 by %d", version), r.replaceOne(t.Context(), store, other), persistence.ErrConflict)
		r.expectStored(t, store, d)
	}
	for i := range 3 {
		d = r.next(r.writtenBy(d, i))
		r.replace(t, store, d)
		r.expectStored(t, store, d)
	}
	r.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 2, []*D{d})
}

func (r records[D]) oneWriterOfAVersionWins(t T, store persistence.Store) {
	d := r.filled(production, "id")
	r.insert(t, store, d)
	for range 5 {
		written := func(i int) *D { return r.next(r.writtenBy(d, i)) }
		errs := race(8, func(i int) error { return r.replaceOne(t.Context(), store, written(i)) })
		d = written(expectOneWinner(t, errs, persistence.ErrConflict))
		r.expectStored(t, store, d)
		query := persistence.Query{EnvironmentID: production, Order: ordersBy(r.SortFields[len(r.SortFields)-1])[0]}
		r.expectAnswer(t, store, query, 2, []*D{d})
	}
}

func (r records[D]) missingIDIsNotFound(t T, store persistence.Store) {
	r.insert(t, store, r.filled(production, "here"))
	for _, missing := range []*D{
		r.filled(production, "missing"), r.filled(production, ""), r.filled(production, "HERE"), r.filled(production, "her"),
		r.filled(production, "hereafter"), r.filled(staging, "here"),
	} {
		expectError(t, "Get", second(r.of(store).Get(t.Context(), r.ref(missing))), persistence.ErrNotFound)
		expectError(t, "Replace", r.replaceOne(t.Context(), store, r.next(missing)), persistence.ErrNotFound)
	}
	r.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 2, []*D{r.filled(production, "here")})
}

func (r records[D]) acknowledgedWriteIsSeen(t T, store persistence.Store) {
	d := r.filled(production, "id")
	r.insert(t, store, d)
	for range 10 {
		d = r.next(d)
		r.replace(t, store, d)
		errs := race(4, func(i int) error {
			got, err := r.of(store).Get(t.Context(), r.ref(d))
			if i%2 > 0 {
				var many map[string]*D
				many, err = r.of(store).GetMany(t.Context(), production, []string{"id"})
				got = many["id"]
			}
			if err == nil && (got == nil || *r.version(got) != *r.version(d)) {
				return fmt.Errorf("got %s, want version %d", show(got), *r.version(d))
			}
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("read after write: %v", err)
		}
	}
}

func (r records[D]) getManyAnswersWhatThereIs(t T, store persistence.Store) {
	documents := map[string]*D{}
	for i, text := range hardTexts {
		d := r.filled(production, text)
		documents[text] = d
		r.insert(t, store, d)
		if i%2 == 0 {
			r.insert(t, store, r.filled(staging, text))
		}
	}
	all := slices.Sorted(maps.Keys(documents))
	for what, asked := range map[string][]string{
		"nothing": nil, "none": {}, "one": {"a.b"}, "one twice": {"/", "/"}, "unknown": {"unknown", "", "A.B"},
		"some unknown": {"0", "unknown", "日本語", "also unknown", "0"}, "all": all, "all twice": append(all, all...),
	} {
		want := map[string]*D{}
		for _, id := range asked {
			if documents[id] != nil {
				want[id] = documents[id]
			}
		}
		kept := slices.Clone(asked)
		got, err := r.of(store).GetMany(t.Context(), production, asked)
		if err != nil {
			t.Fatalf("get many, %s: %v", what, err)
		}
		expectEqual(t, what, got, want)
		expectEqual(t, "the ids after the call", asked, kept)
	}
	got, err := r.of(store).GetMany(t.Context(), "nobody", all)
	if err != nil {
		t.Fatalf("get many elsewhere: %v", err)
	}
	expectEqual(t, "elsewhere", got, map[string]*D{})
}

func (r records[D]) documentsAreCopied(t T, store persistence.Store) {
	d := r.filled(production, "id")
	for _, write := range []func(context.Context, persistence.Store, *D) error{r.insertOne, r.replaceOne, r.replaceOne} {
		given := clone(d)
		if err := write(t.Context(), store, given); err != nil {
			t.Fatalf("write: %v", err)
		}
		expectEqual(t, "the document that was given", given, d)
		scribble(given)
		r.expectStored(t, store, d)
		scribble(r.stored(t, store, d))
		many, err := r.of(store).GetMany(t.Context(), production, []string{"id", "id"})
		if err != nil {
			t.Fatalf("get many: %v", err)
		}
		scribble(many["id"])
		query := persistence.Query{EnvironmentID: production, Page: persistence.PageRequest{Limit: 2}}
		scribble(r.firstItem(t, store, query).Document)
		r.expectStored(t, store, d)
		r.expectAnswer(t, store, query, 2, []*D{d})
		d = r.next(d)
	}
}

func (r records[D]) acknowledgedWritesOutliveTheStore(
	reopen func(persistence.Store) (persistence.Store, error),
) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		if reopen == nil {
			t.Fatalf("the engine gives no Reopen: give one, or name this case in Lacks with the reason")
		}
		documents := append(r.crowd(production), r.filled(production, "filled"), r.filled(staging, "filled"))
		r.insert(t, store, documents...)
		for i := range documents[:3] {
			documents[i] = r.next(r.writtenBy(documents[i], i))
			r.replace(t, store, documents[i])
		}
		closeStore(t, store)
		again, err := reopen(store)
		if err != nil {
			t.Fatalf("reopen: %v", err)
		}
		defer closeStore(t, again)
		r.expectStored(t, again, documents...)
		for _, field := range r.SortFields {
			r.expectAnswer(t, again, persistence.Query{EnvironmentID: production, Order: ordersBy(field)[0]}, 5, documents)
		}
	}
}

func (r records[D]) environmentsDoNotSeeOneAnother(t T, store persistence.Store) {
	// The names begin alike and differ by case, and with the ids they end up as like texts.
	documents := []*D{
		r.filled("e", "same"), r.filled("e2", "same"), r.filled("E", "same"),
		r.filled("e", "2x"), r.filled("e2", "x"), r.filled("e", "2/x"), r.filled("e-", "x"),
	}
	r.insert(t, store, documents...)
	r.expectStored(t, store, documents...)
	for _, environment := range []string{"e", "e2", "E", "e-", "", "nobody"} {
		for _, field := range r.SortFields {
			r.expectAnswer(t, store, persistence.Query{EnvironmentID: environment, Order: ordersBy(field)[2]}, 1, documents)
		}
		filter := equal(persistence.FieldRefID, "same")
		r.expectAnswer(t, store, persistence.Query{EnvironmentID: environment, Filter: filter}, 2, documents)
	}
}

// severalFields are orders by two fields each, with directions that agree and that differ.
func (r records[D]) severalFields() [][]persistence.Order {
	var orders [][]persistence.Order
	for i, field := range r.SortFields {
		other := r.SortFields[(i+2)%len(r.SortFields)]
		orders = append(orders,
			[]persistence.Order{{Field: field, Descending: i%2 == 0}, {Field: other, NullsFirst: true}},
			[]persistence.Order{{Field: field, NullsFirst: i%2 == 0}, {Field: other}, {Field: r.TieField(), Descending: true}})
	}
	return orders
}

func (r records[D]) listsFollowEveryReplace(t T, store persistence.Store) {
	documents, others := r.crowd(production), r.crowd(production)
	r.insert(t, store, documents...)
	for shift := 1; shift <= 2; shift++ {
		for i := range documents {
			// The other's values under the document's name.
			changed := clone(others[(i+shift)%len(others)])
			name := r.head(documents[i])
			head := r.head(changed)
			head.Key, head.ID, head.RefID, head.Version = name.Key, name.ID, name.RefID, name.Version+1
			documents[i] = changed
			r.replace(t, store, changed)
		}
		for _, field := range r.SortFields {
			r.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: ordersBy(field)[0]}, 4, documents)
		}
	}
}

func (r records[D]) everyCursorNamesItsPlace(t T, store persistence.Store) {
	documents := r.crowd(production)
	r.insert(t, store, documents...)
	for _, order := range append(ordersBy(r.SortFields[len(r.SortFields)-1]), r.severalFields()[0], nil) {
		query := persistence.Query{EnvironmentID: production, Order: order, Page: persistence.PageRequest{Limit: len(documents)}}
		want := r.answer(query, documents)
		all := r.list(t, store, query)
		r.expectPage(t, query, all, want, false, false)
		for i, item := range all.Items {
			query.Page = persistence.PageRequest{Limit: len(documents), After: item.Cursor}
			r.expectPage(t, query, r.list(t, store, query), want[i+1:], false, true)
			query.Page = persistence.PageRequest{Limit: len(documents), Before: item.Cursor}
			r.expectPage(t, query, r.list(t, store, query), want[:i], true, false)
		}
	}
}

// walkMeetsWhatStays lets one guest come and one go out of the filter after each page, and rewrites one document
// that stays.
func (r records[D]) walkMeetsWhatStays(t T, store persistence.Store) {
	gone := noon.AddDate(10, 0, 0)
	present := persistence.Condition{
		Field: persistence.FieldUpdatedAt, Op: persistence.Less, Operands: []persistence.Value{persistence.Time(gone)},
	}
	for i, order := range append(r.severalFields()[:3], nil, ordersBy(r.SortFields[2])[3]) {
		for _, backward := range []bool{false, true} {
			environment := fmt.Sprintf("changing-%d-%t", i, backward)
			stay := r.crowd(environment)
			guests := 0
			guest := func() *D {
				// The values of one that stays under an id of its own.
				d := clone(stay[guests%len(stay)])
				id := fmt.Sprintf("%c-guest-%d", "Agz"[guests%3], guests)
				guests++
				created, updated := r.head(d).CreatedAt, r.head(d).UpdatedAt
				*r.head(d) = domain.NewRecord(domain.Ref{EnvironmentID: environment, RefID: id}, uuid(id), created)
				r.head(d).UpdatedAt = updated
				return d
			}
			visitors := []*D{guest(), guest(), guest()}
			r.insert(t, store, append(slices.Clone(visitors), stay...)...)
			change := func(at string) error {
				leaving := max(0, slices.IndexFunc(visitors, func(d *D) bool { return r.id(d) == at }))
				leaves := r.next(visitors[leaving], func(d *D) { r.head(d).UpdatedAt = gone })
				rewritten := guests % len(stay)
				stay[rewritten] = r.next(stay[rewritten])
				visitors[leaving] = guest()
				return errors.Join(
					r.replaceOne(t.Context(), store, leaves), r.replaceOne(t.Context(), store, stay[rewritten]),
					r.insertOne(t.Context(), store, visitors[leaving]),
				)
			}
			query := persistence.Query{EnvironmentID: environment, Filter: present, Order: order}
			if err := r.meetAll(t.Context(), store, query, backward, stay, change); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
}

// foreignCursorIsRefused tries cursors of other orders, filters and environments, and those of another
// collection for the very same query.
func (r records[D]) foreignCursorIsRefused(t T, store persistence.Store) {
	r.insert(t, store, append(r.crowd(production), r.crowd(staging)...)...)
	created := persistence.Condition{Field: persistence.FieldCreatedAt, Op: persistence.NotNull}
	queries := []persistence.Query{
		{EnvironmentID: production},
		{EnvironmentID: staging},
		{EnvironmentID: production, Order: ordersBy(persistence.FieldID)[0]},
		{EnvironmentID: production, Order: ordersBy(persistence.FieldCreatedAt)[0]},
		{EnvironmentID: production, Order: ordersBy(persistence.FieldCreatedAt)[2]},
		{EnvironmentID: production, Filter: created},
		{EnvironmentID: production, Filter: persistence.And{created}},
	}
	cursors := make([]string, len(queries))
	for i := range queries {
		queries[i].Page.Limit = 1
		cursors[i] = r.firstItem(t, store, queries[i]).Cursor
	}
	for i, query := range queries {
		for j, cursor := range cursors {
			if i != j {
				r.expectRefused(t, store, "a cursor of "+describe(queries[j]), query, cursor)
			}
		}
	}
	addonRecords.insert(t, store, addonRecords.crowd(production)...)
	for _, query := range queries {
		if query.EnvironmentID != production {
			continue
		}
		r.expectRefused(t, store, "a cursor of another collection", query, addonRecords.firstItem(t, store, query).Cursor)
	}
}

func (r records[D]) operatorsMeanWhatMatchesSays(t T, store persistence.Store) {
	for i, op := range operators {
		// Every operator in environments of its own.
		environment := "operator-" + strconv.Itoa(i)
		documents := r.crowd(environment)
		r.insert(t, store, documents...)
		for _, field := range r.shape.fields {
			for _, operands := range r.operandsFor(op, field, documents) {
				query := persistence.Query{
					EnvironmentID: environment, Filter: persistence.Condition{Field: field, Op: op, Operands: operands},
				}
				r.expectForward(t, store, query, 5, r.answer(query, documents))
			}
		}
	}
}

// recordsKeepEveryField keeps a document of every collection under one id, so that a collection that is taken
// for another shows.
func recordsKeepEveryField(t T, store persistence.Store) {
	insert(t, store, filled(production, "same"))
	check := []func(){
		keepFields(t, store, productRecords), keepFields(t, store, planRecords), keepFields(t, store, planVersionRecords),
		keepFields(t, store, addonRecords), keepFields(t, store, addonVersionRecords), keepFields(t, store, featureRecords),
		keepFields(t, store, couponRecords), keepFields(t, store, codeRecords), keepFields(t, store, claimRecords),
	}
	if len(check) != len(persistence.Collections) {
		t.Errorf("the case knows %d collections of %d", len(check), len(persistence.Collections))
	}
	for _, check := range check {
		check()
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 2, []*domain.Customer{filled(production, "same")})
}

// keepFields stores a filled document, a sparse one and one of another version, and returns the proof that they
// are kept.
func keepFields[D any](t T, store persistence.Store, r records[D]) (check func()) {
	t.Helper()
	same := r.filled(production, "same")
	// What collections differ by.
	r.head(same).ID = uuid(r.Name)
	documents := []*D{same, r.sparse(production, "sparse of "+r.Name), r.filled(staging, strings.Repeat("😀", 255))}
	r.insert(t, store, documents...)
	documents[2] = r.next(documents[2])
	r.replace(t, store, documents[2])
	return func() {
		r.expectStored(t, store, documents...)
		for _, field := range r.SortFields {
			r.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: ordersBy(field)[0]}, 1, documents)
		}
		missing := domain.Ref{EnvironmentID: production, RefID: "sparse of another"}
		expectError(t, "Get", second(r.of(store).Get(t.Context(), missing)), persistence.ErrNotFound)
	}
}

// textsOfRecordsAreKept has the hard texts in a document's fields and as its id.
func textsOfRecordsAreKept(t T, store persistence.Store) {
	r := couponRecords
	var documents []*domain.Coupon
	for i, text := range harderTexts {
		c := r.sparse(production, strconv.Itoa(i))
		c.Name, c.Description, c.BillingID, c.Status = text, new(text), new(text), text
		c.PercentOff = new(domain.Decimal(text))
		documents = append(documents, c)
	}
	for _, text := range hardTexts {
		documents = append(documents, r.sparse(staging, text))
	}
	r.insert(t, store, documents...)
	r.expectStored(t, store, documents...)
	for _, c := range documents[:len(harderTexts)] {
		query := persistence.Query{EnvironmentID: production, Filter: equal(persistence.FieldName, c.Name)}
		r.expectAnswer(t, store, query, 2, []*domain.Coupon{c})
	}
	r.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: ordersBy(persistence.FieldDescription)[0]}, 9, documents)
	r.expectAnswer(t, store, persistence.Query{EnvironmentID: staging}, 9, documents)
}

// timesOfRecordsAreKept has times outside UTC, and between two milliseconds.
func timesOfRecordsAreKept(t T, store persistence.Store) {
	r := codeRecords
	for i, at := range awkwardTimes {
		c := r.filled(production, strconv.Itoa(i))
		c.CreatedAt, c.UpdatedAt, c.StartsAt, c.ExpiresAt, c.Reserved[0].At = at, at, new(at), new(at), at
		want := clone(c)
		at := domain.Timestamp(at)
		want.CreatedAt, want.UpdatedAt, want.StartsAt, want.ExpiresAt, want.Reserved[0].At = at, at, new(at), new(at), at
		r.insert(t, store, c)
		r.expectStored(t, store, want)
	}
}

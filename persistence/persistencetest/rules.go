package persistencetest

import (
	"slices"

	"clientele/internal/domain"
	"clientele/persistence"
)

// rule is one case: an obligation of the contract, and its proof over an empty store.
type rule struct {
	name  string
	prove func(T, persistence.Store)
}

// rules are all cases, in the order of the sentences in persistence/store.go, work.go, idempotency.go, billing.go and
// collection.go. ErrInUse and ErrUnavailable depend on the machine; each engine proves them itself.
func rules(engine Engine) []rule {
	rules := []rule{
		// The errors of a store, and what every method returns.
		{"a missing key is not found", missingKeyIsNotFound},
		{"a done context is returned and changes nothing", doneContextIsReturned},
		{"a context done during a read ends it", contextDoneDuringAReadEndsIt},
		{"a closed store returns ErrClosed and closes again", closedStoreReturnsErrClosed},

		// Store: concurrent use, copies, Ping, Close.
		{"an open store serves", openStoreServes},
		{"concurrent use is safe", concurrentUseIsSafe},
		{"arguments are copied", argumentsAreCopied},
		{"results belong to the caller", resultsBelongToTheCaller},
		{"keys are copied", keysAreCopied},
		{"lists leave the query as it was", listsLeaveTheQueryAsItWas},
		{"close waits for calls under way", closeWaitsForCallsUnderWay},
		{"close among calls serves or refuses each", closeAmongCalls},

		// Customers: atomic and durable writes, and what is kept.
		{"writes are atomic", writesAreAtomic},
		{"acknowledged writes outlive the store", acknowledgedWritesOutliveTheStore(engine.Reopen)},
		{"a refused write changes nothing", refusedWriteChangesNothing},
		{"every field is kept", everyFieldIsKept},
		{"texts are kept exactly as stored", textsAreKeptExactly},
		{"ids differing in case are two customers", idsDifferingInCaseAreTwoCustomers},
		{"times are kept to the millisecond in UTC", timesAreKeptToTheMillisecond},
		{"billing fields are kept exactly as stored", billingIsKept},
		{"times of billing are kept to the millisecond in UTC", timesOfBillingAreKept},
		{"a cleared field is cleared", clearedFieldIsCleared},
		{"no metadata is not empty metadata", noMetadataIsNotEmptyMetadata},
		{"metadata is kept exactly as stored", metadataIsKeptExactly},

		// InsertCustomer, ReplaceCustomer.
		{"an insert keeps the version it carries", insertKeepsTheVersion},
		{"an id held by a live customer exists", heldIDExists(func(*domain.Customer) {})},
		{"an id held by an archived customer exists", heldIDExists(archived)},
		{"one of many inserts of an id wins", oneInsertWins},
		{"a replace needs the version before its own", replaceNeedsTheVersionBefore},
		{"one of many writers of a version wins", oneWriterOfAVersionWins},
		{"concurrent updates lose nothing", concurrentUpdatesLoseNothing},
		{"live and archived are replaced alike", liveAndArchivedAreReplacedAlike},

		// LiveCustomer, AnyCustomer.
		{"only AnyCustomer sees archived customers", onlyAnyCustomerSeesArchived},
		{"an acknowledged write is seen", acknowledgedWriteIsSeen},

		// Keys.
		{"every field of a key is kept", everyFieldOfAKeyIsKept},
		{"a held key id exists", heldKeyIDExists},
		{"revoked and expired keys are returned", revokedAndExpiredKeysAreReturned},
		{"keys are listed in order of id", keysAreListedInOrderOfID},
		{"no keys are an empty slice", noKeysAreAnEmptySlice},
		{"the first revocation of a key is kept", firstRevocationStands},
		{"the first successor of a key is kept", firstSuccessorStands},
		{"the latest use of a key is kept", latestUseStands},

		// ListCustomers, CountCustomers: environments, orders, walks, cursors, filters.
		{"environments do not see one another", environmentsDoNotSeeOneAnother},
		{"an empty list is an empty page", emptyListIsAnEmptyPage},
		{"ties go by customer id", tiesGoByCustomerID},
		{"texts are ordered by their bytes", textsAreOrderedByBytes},
		{"times are ordered by the clock", timesAreOrderedByTheClock},
		{"lists follow every replace", listsFollowEveryReplace},
		{"pages report what lies beyond", pagesReportWhatLiesBeyond},
		{"pages in order of several fields return every document once", customerKind.pagesInOrder(mixedOrders)},
		{"paging returns once what stays among changes", walkMeetsWhatStays},
		{"paging returns once what stays among writers", walkMeetsWhatStaysAmongWriters},
		{"every cursor names its position", everyCursorNamesItsPlace},
		{"a cursor outlives its customer", cursorOutlivesItsCustomer},
		{"a cursor holds the longest values", cursorsHoldTheLongestValues},
		{"a damaged cursor is refused", damagedCursorIsRefused},
		{"a foreign cursor is refused", foreignCursorIsRefused},
		{"patterns match literal characters", patternsMatchLiteralCharacters},
		{"filters nest", filtersNest},
		{"filters look into lists", filtersLookIntoLists},
		{"a cursor outlives the time of its request", cursorOutlivesItsTime},
		{"random queries agree with the oracle", customerKind.randomQueriesAgreeWithTheOracle(3)},
	}
	for _, field := range persistence.CustomerSortFields {
		rules = append(rules, rule{"pages in order of " + string(field) + " return every document once", customerKind.pagesInOrder(ordersBy(field))})
	}
	for _, op := range operators {
		rules = append(rules, rule{"the operator " + string(op) + " means what Matches says", customerKind.operatorMeansWhatMatchesSays(op)})
	}
	rules = append(rules,
		// Catalog, Documents.
		rule{"collections do not see one another, and keep every field", recordsKeepEveryField},
		rule{"collections keep texts exactly as stored", textsOfRecordsAreKept},
		rule{"collections keep times to the millisecond in UTC", timesOfRecordsAreKept},
	)
	return slices.Concat(rules, workRules(), idempotencyRules(engine.Reopen), billingRules(engine.Reopen),
		planRecords.rules(engine.Reopen), couponRecords.rules(engine.Reopen))
}

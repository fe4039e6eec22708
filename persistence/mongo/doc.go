// Package mongo keeps the documents of the storage contract in MongoDB, on a standalone server, a replica set
// and a sharded cluster alike. It is the only package that knows the driver: none of the driver's types and
// errors leave it. It must not know the rules of the product, what a valid customer is and who may do what; it
// stores, finds and orders what it is given.
//
// It holds to three rules that make one kind of server as good as another. A write is the write of one
// document, so no transaction is needed. Every write names its document's _id, so a cluster that shards a
// collection by its hashed _id sends it to one shard, and the uniqueness of _id holds there too. Queries are
// plain filters and sorts, without expressions and pipelines; the driver's counting is the one aggregation.
package mongo

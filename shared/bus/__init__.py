"""The event bus: a transactional outbox relayed to Kafka, and consumers that mark an inbox with their work.

The guarantee, end to end: an event is published if and only if its transaction committed, in order per aggregate, at least
once; it takes effect in each consumer exactly once, or is parked as a dead letter with its reason.
"""

"""Jobs: enqueued in the sender's transaction, carried by pgqueuer, each attempt counted so that poison is parked."""

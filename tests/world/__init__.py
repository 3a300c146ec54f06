"""The simulated world: one seed, one history, real decisions and real rows; run by `make world`."""

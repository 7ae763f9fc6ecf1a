// Filled with the protocol tests.

"""A Tron devnet: rules of the chain behind java-tron's HTTP interface, for tests, demo and bench."""

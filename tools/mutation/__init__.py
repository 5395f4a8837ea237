"""Mutation testing of the contracts: small faults put in one at a time; some test has to notice each."""

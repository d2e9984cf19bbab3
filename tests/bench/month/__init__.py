"""The parts of tests/bench/make_month; what they make is told there."""

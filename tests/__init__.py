"""The tests; a package, so that suites can share what is expensive to make (``tests.built``)."""

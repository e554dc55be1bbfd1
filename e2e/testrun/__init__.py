"""`make test`: the tests in lanes, processes side by side, with the builds that they need running beside them."""

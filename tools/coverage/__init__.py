"""Which lines and branches of the contracts the tests run, told by the node that runs them."""

"""The tests. They mirror the tree that they test; support/ holds what several of them share."""

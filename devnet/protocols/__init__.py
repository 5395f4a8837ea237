"""One module a protocol. Each deploys its contracts at their real addresses and opens the book's pools."""

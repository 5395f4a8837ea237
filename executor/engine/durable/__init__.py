"""Work that survives the process: started once by id, its steps recorded, taken up again after a crash.

The rest of the executor knows the port in `port`. DBOS stands behind it, and only this package imports it:
its releases come fast, and nothing else should notice.
"""

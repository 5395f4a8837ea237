"""The operator wallets' own business: approvals, gas money, sweeps. Sent through lanes and followed like
trades.
"""

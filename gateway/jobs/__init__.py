"""The background process: what happens by the clock and not by a request.

Each job is alone with its errors: one that fails is logged, and tried again at its next turn. Where
there are many nodes, a lease in the store lets one of them do what must be done once.
"""

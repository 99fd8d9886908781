"""Who asks: a signed session id in one cookie, and the reader that the store says it stands for.

``cookies`` proves that an id is one of ours and knows nothing of readers; ``sessions`` knows readers
and keeps them in memory for as long as news of changes arrives. Nothing here writes on a page's way.
"""

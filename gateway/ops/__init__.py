"""For whoever is paged: counters, logs, health. No personal data in any of them.

Counting is an addition to a plain integer; logging a page is one append to a list. What costs time
(summing, formatting, writing) happens once a second, off the path.
"""

"""Le Fanal, the newspaper of `lychgate demo`: an origin site with articles, and its own rules.

``articles`` reads the texts · ``edition`` draws the pages · ``feeds`` and ``documents`` the other
faces · ``site`` answers requests · ``policies/`` and ``lychgate.toml`` are what a publisher would
write to put the gateway in front of it.
"""

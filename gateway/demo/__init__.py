"""Le Fanal, the newspaper of `lychgate demo`: an origin site with articles, and its own rules; and
what else a publisher has, each a program of its own that knows nothing of the gateway.

``articles`` reads the texts · ``edition`` draws the pages · ``feeds`` and ``documents`` the other
faces · ``site`` answers requests · ``policies/`` and ``lychgate.toml`` are what a publisher would
write to put the gateway in front of it · ``identity`` is the provider where its readers log in
(``identity_asked`` judges, ``identity_tokens`` signs, ``identity_leaving`` logs out) · ``mail_page``
shows the mail that nobody sends · ``stripe`` stands in for Stripe.
"""

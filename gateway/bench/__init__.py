"""What a page costs, beside the servers that publishers run today: ``lychgate bench``.

    peers (nginx, Caddy, oauth2-proxy) + gateway  ──┐
    cases (what is asked of whom) ── load (wrk) ────┴→ rounds (CPU before and after) → table
    inside: decisions and teasers without a server      footing: memory and start-up

All of it on loopback, in a folder that goes away. Each server's cost is the CPU time of all its
processes over the requests answered, so the load generator and the origin cost it nothing. A tool
that isn't there is named in the table and left out.
"""

"""What readers may have: from the publisher's YAML to one decision.

    load (YAML, packs) → compile → Policy ── way(host, path) → Way
    Way + PageFacts ── specialise → the few rules that only a request can still choose between
    + Request ── settle → Settled(access, rule)      + Reader ── judge → Decision

Everything but ``load`` and ``reload`` is pure. Conditions on the page are settled once a page,
conditions on the request once a request, so a decision's cost doesn't grow with the rules.
"""

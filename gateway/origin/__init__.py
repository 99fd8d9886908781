"""The publisher's site behind the gateway: asking it, byte for byte, and keeping what it may.

``fetch`` is the one door to the network · ``forward`` which headers travel, in and out ·
``freshness`` how long an answer may be used (RFC 9111) · ``record`` one kept page · ``cache`` all of
them, bounded · ``assertion`` the signed word on a reader that the origin may verify.
"""

"""A reader cancels or withdraws, logged in or not. Stored first, then carried out, then told.

``pages`` the room · ``asked`` a request as it was typed · ``turn`` now, or once Stripe answers ·
``carrying_out`` whose it is and what Stripe is asked · ``receipts`` what is said of it · ``contracts``
a subscription as its reader leaves it · ``withdrawing`` until when that is a withdrawal.
"""

"""What operators look at: why a page is sent as it is, and where withheld text shows all the same.

``visitor`` asks a site as anyone would · ``surfaces`` where a site shows its articles · ``explain``
one URL for one reader · ``audit`` all of a site for withheld text. Finance comes with money.
"""

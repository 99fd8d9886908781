"""What readers are written to while they subscribe, each letter once.

``due`` which letters are due by a fold · ``sending`` their way from the ledger to the outgoing mail.
"""

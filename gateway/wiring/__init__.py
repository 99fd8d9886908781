"""Parts of the composition root that more than one process or command puts together.

Beside ``app`` the only place that may know every room; nothing but processes and commands may
import it.
"""

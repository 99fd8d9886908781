"""Those who were there before this gateway: who pays and has no reader, and members of another system.

``adopting`` a payment without a reader taken along by a mailed link, ``pages`` its room · ``importing``
members of another system, of ``import_files``. What either would come to is asked of ``supposing``.
"""

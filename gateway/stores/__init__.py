"""What is kept: SQLAlchemy Core over SQLite and PostgreSQL, one schema, one set of migrations.

``schema`` the tables · ``engine`` connections, and foreign errors mapped to StoreUnavailable ·
``migrating`` old schemas · the rest: one file a port, each a Protocol beside its consumer.
"""

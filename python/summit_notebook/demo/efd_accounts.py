"""Database and accounts of the demo site's EFD: administrator, writer (the generator), reader (the Hub service)."""

from __future__ import annotations

from summit_notebook.site import Site, load_secret

from .efd_line_protocol import Influx, InfluxRefused

RETENTION = "3d"
"""Two packed topics make some 200 MB a day; a demo that runs for weeks must not fill the disk."""

ADMIN_SECRET = "efd-admin"
WRITER_SECRET = "efd-writer"
READER_SECRET = "efd-reader"


def set_up(site: Site) -> None:
    """Creates what is missing. Safe to repeat. Raises InfluxUnreachable or InfluxRefused."""
    assert site.influxdb_url is not None
    database = site.efd_database
    admin_password = load_secret(site, ADMIN_SECRET)
    admin = Influx(site.influxdb_url, "admin", admin_password)
    try:
        admin.query("SHOW DATABASES")
    except InfluxRefused as refused:
        if refused.status not in (401, 403):
            raise
        # A new server takes one statement without an account: the creation of its first administrator.
        try:
            Influx(site.influxdb_url).query(
                f"CREATE USER admin WITH PASSWORD '{admin_password}' WITH ALL PRIVILEGES"
            )
        except InfluxRefused as again:
            raise InfluxRefused(
                again.status,
                "it was set up with other passwords than this site's; start with --fresh to make both anew",
            ) from again
    # One shard per 6 h, dropped when it is older than the retention. The name is what EFD queries always say.
    admin.query(f'CREATE DATABASE "{database}" WITH DURATION {RETENTION} SHARD DURATION 6h NAME "autogen"')
    for user, secret, right in (("writer", WRITER_SECRET, "WRITE"), ("reader", READER_SECRET, "READ")):
        password = load_secret(site, secret)
        try:
            admin.query(f"CREATE USER {user} WITH PASSWORD '{password}'")
        except InfluxRefused:
            admin.query(f"SET PASSWORD FOR {user} = '{password}'")
        admin.query(f'GRANT {right} ON "{database}" TO {user}')

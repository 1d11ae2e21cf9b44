"""Who may do what in PostgreSQL: three roles, made once per cluster.

The *owner* migrates, and is whoever runs the migrations. `bothways_app` is what the processes log in as: it
owns nothing, and row-level security holds for it. `bothways_across` cannot log in; it owns the few functions
that look across workspaces (database/across.py) and may read only the columns those need.
"""

from sqlalchemy import Connection, text

APP = "bothways_app"

_MAKE = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'bothways_across') then
        create role bothways_across nologin nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
    if not exists (select from pg_roles where rolname = 'bothways_app') then
        create role bothways_app login nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
exception when duplicate_object or unique_violation then
    null;  -- another migration of this cluster was quicker
end
$$
"""

_REFUSE_STRONG = """
select rolname from pg_roles
where rolname in ('bothways_app', 'bothways_across') and (rolsuper or rolbypassrls)
"""


class UnsafeRole(Exception):
    """A role that must be held by row-level security is not."""


def make(connection: Connection, app_password: str | None = None) -> None:
    """Create the roles where they are missing, and set the processes' password where one is given.

    Raises:
        UnsafeRole: a role exists that passes row-level security by.
    """
    connection.execute(text(_MAKE))
    strong = connection.execute(text(_REFUSE_STRONG)).scalars().all()
    if strong:
        raise UnsafeRole(
            f"The role {strong[0]} is a superuser or has BYPASSRLS, so that workspaces would not be kept "
            "apart. Run: alter role ... nosuperuser nobypassrls"
        )
    if app_password is not None:
        quoted = connection.execute(text("select quote_literal(:it)"), {"it": app_password}).scalar_one()
        connection.exec_driver_sql(f"alter role {APP} password {quoted}")

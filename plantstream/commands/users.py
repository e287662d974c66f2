"""`plantstream users`: the people who may sign at the laboratory interface of an edge."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import ACTOR, AS_JSON, REASON, SITE
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.runtime.people.file import PeopleFile

LOGIN = typer.Argument(metavar="LOGIN", help="What the person types to sign.")
ROLES = typer.Option(None, "--role", help="What the person may do; again for each.")
HOME = typer.Option(None, help="The edge's data directory, which holds people.json.")
ISSUER = "plantstream"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Say who may sign, with which roles: names, passwords and second factors.",
        no_args_is_help=True,
    )
    group.command()(add)
    group.command()(disable)
    group.command()(roles)
    group.command("list")(list_)
    app.add_typer(group, name="users")


def add(
    login: str = LOGIN,
    name: str = typer.Option(..., help="The name that is printed beside signatures."),
    role: list[str] | None = ROLES,
    password_file: Path | None = typer.Option(
        None, help="File with the password; default: ask for it."
    ),
    actor: str = ACTOR,
    reason: str = REASON,
    site: str | None = SITE,
    data_dir: Path | None = HOME,
) -> None:
    """Add a person, and print the address of the second factor, once."""
    from plantstream.runtime import clock
    from plantstream.runtime.people.factors import address, hashed, new_secret
    from plantstream.runtime.people.file import Person

    people = _people(data_dir)
    created = clock.now().isoformat(timespec="seconds")
    secret, given = new_secret(), tuple(sorted(set(role or ())))
    people.check_new(Person(login, name, given, "-", secret, created))
    person = Person(login, name, given, hashed(_password(password_file)), secret, created)
    after = {"login": login, "name": name, "roles": given}
    _audited((actor, reason, site), data_dir, "user.added", login, None, after)
    people.add(person)
    factor = address(secret, login, ISSUER)
    sys.stdout.write(factor + "\n")
    if sys.stderr.isatty():
        _show_code(factor)
    messages.print(
        f"{name} may sign as {login}; put this address into an authenticator (its QR code, or its "
        "`secret`): it is not shown again",
        markup=False,
    )


def disable(
    login: str = LOGIN,
    actor: str = ACTOR,
    reason: str = REASON,
    site: str | None = SITE,
    data_dir: Path | None = HOME,
) -> None:
    """Let somebody sign no more, at once; what was signed stays."""
    people = _people(data_dir)
    before = {"disabled": people.known(login).disabled}
    _audited((actor, reason, site), data_dir, "user.disabled", login, before, {"disabled": True})
    people.change(login, disabled=True)
    messages.print(f"{login} may sign no more", markup=False)


def roles(
    login: str = LOGIN,
    role: list[str] | None = ROLES,
    actor: str = ACTOR,
    reason: str = REASON,
    site: str | None = SITE,
    data_dir: Path | None = HOME,
) -> None:
    """Give somebody these roles in place of those before; without --role none."""
    from plantstream.runtime.people.file import check_roles

    people = _people(data_dir)
    given = tuple(sorted(set(role or ())))
    check_roles(given)
    before = {"roles": people.known(login).roles}
    _audited((actor, reason, site), data_dir, "user.roles", login, before, {"roles": given})
    people.change(login, roles=given)
    messages.print(f"roles of {login}: {', '.join(given) or 'none'}", markup=False)


def list_(data_dir: Path | None = HOME, as_json: bool = AS_JSON) -> None:
    """Show who there is; neither passwords nor second factors."""
    rows = [
        {
            "login": one.login,
            "name": one.name,
            "roles": list(one.roles) if as_json else ", ".join(one.roles),
            "disabled": one.disabled,
            "created_at": one.created_at,
        }
        for one in _people(data_dir).people()
    ]
    if as_json:
        print_json(rows)
    else:
        print_columns(rows)


def _show_code(text: str) -> None:
    """As a QR code on the terminal, for the camera of a telephone."""
    import segno

    segno.make_qr(text, error="l").terminal(out=sys.stderr, compact=True, border=2)


def _people(data_dir: Path | None) -> "PeopleFile":
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.people.file import FILE, PeopleFile

    return PeopleFile((data_dir or default_data_dir()) / FILE)


def _password(file: Path | None) -> str:
    if file is None:
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    try:
        return file.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MisconfiguredError(f"{file} cannot be read as a password: {error}") from error


def _audited(
    who: tuple[str, str, str | None],
    data_dir: Path | None,
    action: str,
    login: str,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    """The entry goes first: no act without one."""
    from plantstream.commands.audited import person, write_entries
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async

    kafka = kafka_settings(data_dir)

    async def written() -> None:
        acting = await person(kafka, *who)
        await write_entries(kafka, [acting.act(action, login, before, after)])

    run_async(written())

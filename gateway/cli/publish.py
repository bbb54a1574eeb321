"""`sealgate policy publish`: a version becomes law on this shelf, and is never edited again."""

from pathlib import Path

import click

from gateway.cli.words import AS_JSON, fail, print_json


@click.command("publish")
@click.option("--all", "everything", is_flag=True, help="Every draft on the shelf.")
@click.option(
    "--shelf",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of `regimes` and `industries`. Default: the shelf of this installation.",
)
@AS_JSON
@click.argument("files", nargs=-1)
def publish(everything: bool, shelf: Path | None, as_json: bool, files: tuple[str, ...]) -> None:
    """Record the digests of the versions in FILES, such as regimes/cn/2026-01-01.toml, in published.toml.

    From then on the loader refuses a shelf on which one of them was edited or is missing. Nothing is published
    while an example on the shelf does not come out as written.
    """
    from importlib.resources import files as package

    from policies import published
    from policies.documents import DocumentError
    from policies.examples import run_all
    from policies.library import Library

    root = shelf or Path(str(package("policies")))
    try:
        library = Library.load(root)
        wrong = [example.place for example in run_all(library, root) if example.wrong]
    except DocumentError as error:
        fail(str(error))
    chosen = list(library.drafts) if everything else [_on_the_shelf(file) for file in files]
    for name in chosen:
        if name not in library.digests:
            fail(f"{name} is not on the shelf; a version is named such as regimes/cn/2026-01-01.toml")
        if name not in library.drafts:
            fail(f"{name} is published already")
    if not chosen:
        fail("name the files to publish, or say --all")
    if wrong:
        fail("\n".join([f"{place}: does not come out as written" for place in wrong] + ["nothing was published"]))
    listed = published.read_list(root)
    listed.update({name: library.digests[name] for name in chosen})
    (root / published.LIST).write_text(published.write_list(listed), "utf-8")
    if as_json:
        print_json({"published": {name: library.digests[name] for name in chosen}})
        return
    for name in chosen:
        click.echo(f"{name}  {library.digests[name]}")


def _on_the_shelf(file: str) -> str:
    """A version as the shelf calls it, of any path to its file."""
    for folder in ("regimes/", "industries/"):
        if folder in file:
            return folder + file.rpartition(folder)[2]
    return file

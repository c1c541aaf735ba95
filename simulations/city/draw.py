"""Draws a day of a synthetic city and writes it as an instance.

python -m simulations.city.draw data/cities/small.toml data/synthetic --seed 1
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from dispatch.errors import DispatchError
from simulations.city.load import load_city
from simulations.city.make import make_city
from simulations.folder import writing
from simulations.readers.own import write_instance


@click.command()
@click.argument("city", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same day.")
@click.option("--format", "form", type=click.Choice(["parquet", "geojson"]), default="parquet", show_default=True)
def main(city: Path, folder: Path, seed: int, form: str) -> None:
    """Draw a day from the parameters in CITY (a TOML file) and write it into FOLDER."""
    try:
        instance = make_city(load_city(city), np.random.default_rng(seed))
        with writing(folder):
            write_instance(folder, instance, table_format="geojson" if form == "geojson" else "parquet")
    except DispatchError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(instance.orders)} orders, {len(instance.riders)} riders, {len(instance.merchants)} merchants.")


if __name__ == "__main__":
    main()

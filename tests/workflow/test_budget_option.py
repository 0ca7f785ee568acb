"""The memory budget on the command line: a number, or what the machine has."""

import click
from click.testing import CliRunner

from poster_analysis.workflow.options import option


@click.command()
@option("memory_budget")
@option("sample")
@option("map_method")
def told(**given):
    """Say what was given."""
    click.echo(repr(given))


def test_a_budget_is_a_number_and_need_not_be_given():
    asked = CliRunner().invoke(told, ["--memory-budget", "2.5"])
    assert asked.output.strip() == repr(
        {"memory_budget": 2.5, "sample": None, "map_method": "auto"}
    )
    assert "'memory_budget': None" in CliRunner().invoke(told, []).output
    wrong = CliRunner().invoke(told, ["--memory-budget", "much"])
    assert wrong.exit_code == 2 and "not a valid float" in wrong.output

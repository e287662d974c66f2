import io
import sys
from importlib import reload

import pytest
from rich.table import Table

from plantstream.commands import console


def test_nothing_of_a_table_is_cut_in_a_pipe(monkeypatch: pytest.MonkeyPatch):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    table = Table("id", "path", box=None)
    table.add_row("x" * 300, "y" * 300)
    reload(console).data.print(table)
    assert pipe.getvalue().splitlines()[1].split() == ["x" * 300, "y" * 300]

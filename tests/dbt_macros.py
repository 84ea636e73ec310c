"""dbt's own macros, read once: whoever imports this, and whoever is forked from it, need not read them again.

Belongs here: turning on what dbt remembers in tests, and filling it.
Does not: macros of this project; a test may change them.
"""

from __future__ import annotations

from pathlib import Path

import dbt.include.duckdb
import dbt.include.global_project
from dbt.clients.jinja_static import statically_extract_macro_calls
from dbt_common.clients.jinja import extract_toplevel_blocks, parse
from dbt_common.tests import enable_test_caching

# As dbt's parser of macros asks; what is remembered is found by the same words alone.
_BLOCKS = {"macro", "materialization", "test", "data_test"}

enable_test_caching()
for package in (dbt.include.global_project, dbt.include.duckdb):
    for file in sorted(Path(package.__file__).parent.rglob("*.sql")):
        for block in extract_toplevel_blocks(file.read_text("utf-8"), _BLOCKS, collect_raw_data=False):
            parse(block.full_block)
            statically_extract_macro_calls(block.full_block, {})

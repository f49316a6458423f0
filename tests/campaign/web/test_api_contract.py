"""The API keeps to its own description, whatever it is asked: schemathesis asks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks

from postduif.campaign.web.api.app import PREFIX, described, description
from tests.api_filled import filled
from tests.api_world import Program, caller
from tests.mta_beside import LISTENER, MtaBeside
from tests.web_world import Pages

EXAMPLES = int(os.environ.get("API_EXAMPLES", "2"))
"""Of each operation; `make fuzz-api` has many more, and others each time."""
SAME = "API_EXAMPLES" not in os.environ
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_keeps_to_its_description(tmp_path: Path) -> None:
    """No call is answered by a mistake of ours, or otherwise than the description says."""
    load_all_checks()
    # what fits the description may still be refused for what it means, as a condition that nobody understands
    without = CHECKS.get_by_names(["positive_data_acceptance"])
    told = description(described())
    assert not [name for name in told["components"]["schemas"] if "postduif" in name]  # two shapes of one name
    schema: Any = schemathesis.openapi.from_dict(told)
    failures = []
    with Pages(tmp_path, LISTENER) as pages, MtaBeside(pages.path):
        filled(caller(pages))
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) > 80
        for number, operation in enumerate(operations):
            program = caller(pages, name=f"shop{number // 50}")  # each token has its own bound on requests in a minute
            try:
                _ask(operation, program, without)
            except Exception as failure:
                failures.append(f"{operation.label}: {_words(failure)}")
    assert not failures, "\n".join(failures)


def _ask(operation: Any, program: Program, without: Any) -> None:
    @SETTINGS
    @given(case=operation.as_strategy())
    def ask(case: Case) -> None:
        case.call_and_validate(
            base_url=f"http://127.0.0.1:{program.port}{PREFIX}",
            headers={"Authorization": f"Bearer {program.token}"},
            excluded_checks=without,
        )

    ask()


def _words(failure: BaseException) -> str:
    inner = failure.exceptions if isinstance(failure, BaseExceptionGroup) else ()
    return "; ".join([str(failure), *map(_words, inner)])

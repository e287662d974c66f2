"""The committed dashboards are what the code writes, in words that exist, of metrics that exist."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from deploy.grafana import generate, variables
from deploy.grafana.assembled import BOARDS
from deploy.grafana.colours import NAMED
from deploy.grafana.page import PAGE, with_panels
from deploy.grafana.shapes import Equals, Kind, NoNumber
from deploy.grafana.words import LANGUAGES, TABLE, Words

ROOT = Path(__file__).parents[3]
SPECS = ROOT.parent / "shared" / "specs"
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
FILES = dict(generate.written())
PANELS = [(board, panel) for board in BOARDS for panel in board.panels]
EACH_PANEL = pytest.mark.parametrize(
    ("board", "panel"),
    [pytest.param(board, panel, id=f"{board.id}/{panel.id}") for board, panel in PANELS],
)
OPTIONS_OF = {
    "stat": "stat",
    "table": "table",
    "timeseries": "timeseries",
    "state-timeline": "statetimeline",
}
EACH_ALONE = pytest.mark.parametrize(
    "panel", [pytest.param(panel, id=f"{board.id}/{panel.id}") for board, panel in PANELS]
)
ANYTHING = {("DynamicConfigValue", "value"), ("MatcherConfig", "options")}
"""Of any type in Grafana's own source; the generator of the schema makes objects of them."""
OF_DAYS = r"FROM (oee_by_shift|oee_line_by_shift|oee_daily|cycles_by_shift|takt_by_shift|pareto)\b"
"""Views with a row per production day or less, of all days that were ever stored."""
SERVICES = ("ingest", "processors", "sinks", "plantstream")


@pytest.mark.parametrize("name", FILES)
def test_what_is_committed_is_what_the_code_writes(name):
    committed = (generate.FOLDER / name).read_text("utf-8")

    assert committed == FILES[name], "run `python -m deploy.grafana.generate`"


def test_the_page_says_what_the_panels_say():
    committed = PAGE.read_text("utf-8")

    assert committed == with_panels(committed), "run `python -m deploy.grafana.generate`"


def test_nothing_else_is_committed():
    there = {str(file.relative_to(generate.FOLDER)) for file in generate.FOLDER.rglob("*.json")}

    assert there == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_dashboards_are_valid_by_grafanas_own_schema(name):
    made = json.loads(FILES[name])

    jsonschema.validate(made, _schema("dashboard"))
    for panel in made["panels"]:
        options = OPTIONS_OF.get(panel["type"])
        if options is not None:
            schema = _schema(options)
            of = {"$ref": "#/definitions/Options", "definitions": schema["definitions"]}
            jsonschema.validate(panel["options"], of)


def _schema(name):
    file = SPECS / f"{name}.grafana.jsonschema.json"
    if not file.exists():
        pytest.skip(f"{file.name} is missing beside the project")
    schema = json.loads(file.read_text("utf-8"))
    for named, field in ANYTHING:
        if named not in schema["definitions"]:
            continue
        schema["definitions"][named]["properties"][field] = {}
    return schema


def test_panels_do_not_overlap_and_fit_the_grid():
    for text in FILES.values():
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(text)["panels"]:
            at = panel["gridPos"]
            assert at["x"] + at["w"] <= 24
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert not cells & taken
            taken |= cells


def test_uids_and_ids_are_of_one_thing_each():
    made = [json.loads(text) for text in FILES.values()]

    assert len({one["uid"] for one in made}) == len(made)
    for one in made:
        ids = [panel["id"] for panel in one["panels"]]
        assert len(set(ids)) == len(ids)


@EACH_PANEL
def test_a_panel_asks_for_what_people_may_choose(board, panel):
    has = {variables.VARIABLES[name].name for name in board.variables} | {variables.LANGUAGE}

    assert set(re.findall(r"\$\{(\w+)", panel.sql)) <= has


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_a_choice_depends_on_choices_before_it(board):
    has = {variables.LANGUAGE}
    for name in board.variables:
        one = variables.VARIABLES[name]
        assert set(re.findall(r"\$\{(\w+)", one.sql)) <= has
        has.add(one.name)
    for mark in board.annotations:
        assert set(re.findall(r"\$\{(\w+)", variables.ANNOTATIONS[mark])) <= has


@pytest.mark.parametrize(
    "sql",
    [
        *(pytest.param(panel.sql, id=f"{board.id}/{panel.id}") for board, panel in PANELS),
        *(pytest.param(one.sql, id=f"choice {name}") for name, one in variables.VARIABLES.items()),
        *(pytest.param(sql, id=f"mark {name}") for name, sql in variables.ANNOTATIONS.items()),
    ],
)
def test_what_has_days_is_asked_for_those_of_the_range(sql):
    assert len(re.findall(OF_DAYS, sql)) <= sql.count("day BETWEEN ")


@EACH_ALONE
def test_ratios_are_never_averaged(panel):
    said = panel.sql + " ".join(panel.promql.values())

    assert not re.search(r"\b(avg|avg_over_time|mean)\s*(by\s*)?\(", said)


@EACH_ALONE
def test_a_panel_is_held_against_the_ledger_or_says_why_not(panel):
    if isinstance(panel.claim, NoNumber):
        assert len(panel.claim.why) > 20
    else:
        assert isinstance(panel.claim, Equals)
        assert panel.sql


def test_most_figures_are_held_against_the_ledger():
    stats = [one for _, one in PANELS if one.kind is Kind.STAT and one.sql]

    assert sum(isinstance(one.claim, Equals) for one in stats) > len(stats) / 2
    assert sum(isinstance(one.claim, Equals) for _, one in PANELS) >= 20


def test_every_word_is_there_in_every_language_and_none_is_left_over():
    words = Words("en")
    used = {
        "boards": {board.id for board in BOARDS},
        "rows": {row.id for board in BOARDS for row in board.rows},
        "panels": {panel.id for _, panel in PANELS},
        "about": {panel.id for _, panel in PANELS},
        "columns": {
            column.name
            for _, panel in PANELS
            if panel.kind is not Kind.STATES
            for column in panel.columns
        },
        "values": {value for named in NAMED.values() for value in named}
        | set(variables.VARIABLES["period"].values),
        "annotations": set(variables.ANNOTATIONS),
    }

    for section, names in used.items():
        assert words.known(section) == names
    for section, named in tomllib.loads(TABLE.read_text("utf-8")).items():
        for name, told in named.items():
            assert len(told) == len(LANGUAGES), f"{section}.{name}"
            assert all(told), f"{section}.{name}"


@EACH_ALONE
def test_metrics_are_those_that_services_have(panel):
    named = re.findall(r"\bplantstream_[a-z_]+", " ".join(panel.promql.values()))

    for metric in named:
        stem = re.sub(r"_(total|bucket)$", "", metric)
        assert _is_told(stem), f"no service has {metric}"


@EACH_ALONE
def test_services_are_told_apart_by_what_they_do_not_share(panel):
    """All of them are scraped as one job."""
    said = " ".join([*panel.promql, *panel.promql.values()])

    assert not re.search(r"\bjob\b", said)


def test_prometheus_understands_every_expression(tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is missing: apt-get install prometheus")
    rules = [
        {"record": f"panel:{panel.id}:{place}", "expr": said.replace("$__rate_interval", "5m")}
        for _, panel in PANELS
        for place, said in enumerate(panel.promql.values())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")

    checked = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(rules)} rules found" in checked.stdout


def _is_told(stem):
    """Whether code names this metric, whole or as a prefix and a name that are put together."""
    ends = [stem, *(stem.removeprefix(f"plantstream_{part}") for part in ("", "source_"))]
    return any(f'"{end}' in SOURCE or f"'{end}" in SOURCE for end in ends)


SOURCE = "\n".join(
    file.read_text("utf-8") for folder in SERVICES for file in (ROOT / folder).rglob("*.py")
)


def test_no_service_needs_the_generator():
    assert not re.search(r"^\s*(from|import) deploy\b|grafana_foundation_sdk", SOURCE, re.MULTILINE)


def test_data_sources_are_provisioned_by_the_names_that_panels_use():
    given = YAML(typ="safe").load(PROVISIONING / "datasources" / "plantstream.yaml")
    used = {
        (target["datasource"]["type"], target["datasource"]["uid"])
        for text in FILES.values()
        for panel in json.loads(text)["panels"]
        for target in panel.get("targets", ())
    }

    explored = {("loki", "loki"), ("jaeger", "jaeger")}
    assert {(one["type"], one["uid"]) for one in given["datasources"]} == used | explored
    (database,) = [one for one in given["datasources"] if one["uid"] == "timescale"]
    assert database["secureJsonData"]["password"].startswith("$__file{")


def test_every_language_has_a_folder():
    given = YAML(typ="safe").load(PROVISIONING / "dashboards" / "plantstream.yaml")

    assert {one["options"]["path"].rsplit("/", 1)[-1] for one in given["providers"]} == set(
        LANGUAGES
    )


def test_dashboards_lead_to_each_other_and_to_runbooks():
    for name, text in FILES.items():
        made = json.loads(text)
        (link,) = made["links"]
        assert link["type"] == "dashboards"
        assert set(link["tags"]) <= set(made["tags"])
        assert name.startswith(made["tags"][1].removeprefix("plantstream-"))
    assert "${runbooks}/${__value.raw}.md" in FILES["es/factory.json"]

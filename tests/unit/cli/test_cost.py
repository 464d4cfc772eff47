"""`l3kit cost` and its parameter files: what is printed, what goes to stderr, exit codes, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

import l3kit
from l3kit import cost
from l3kit.cli import main
from l3kit.cost.analysis.scenario import KEYS, load_scenario
from l3kit.errors import BudgetExceededError
from tests.unit.cost.scenarios import GOOD


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(GOOD)
    return path


def test_the_text_shows_every_row_and_the_total_and_warns_of_old_prices(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost", "bill", str(file)]) == 0
    out, err = capsys.readouterr()
    bill = load_scenario(file).bill()
    assert all(row.item in out for row in bill.rows)
    assert out.rstrip().endswith(str(bill.total))
    assert "price not confirmed" in out
    assert "prices are older than a year or undated: aws us-east-1 dynamodb.on_demand.backup" in err


def test_json_and_csv_hold_the_same_rows(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "bill", str(file), "--json"]) == 0
    as_json = json.loads(capsys.readouterr().out)
    assert main(["cost", "bill", str(file), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["amount_usd"] for row in rows] == [row["amount_usd"] for row in as_json["rows"]]
    assert sum((Decimal(row["amount_usd"]) for row in rows), Decimal(0)) == Decimal(as_json["total_usd"])


def test_a_bill_over_its_budget_ends_with_1(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD + "budget_usd: 1\n")
    assert main(["cost", "bill", str(file)]) == 1
    assert "over the budget of $1.00" in capsys.readouterr().err
    with pytest.raises(BudgetExceededError):
        load_scenario(file).check_budget()


@pytest.mark.parametrize("verb", ["layouts", "chunks"])
def test_tables_come_as_text_json_and_csv(file: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", verb, str(file), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert main(["cost", verb, str(file), "--csv"]) == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    totals = [name for name in rows[0] if name.startswith("total")]
    assert [row[totals[0]] for row in read] == [row[totals[0]] for row in rows]
    assert main(["cost", verb, str(file)]) == 0
    assert len(capsys.readouterr().out.splitlines()) > len(rows)


def test_the_plans_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "plan"]) == 0
    assert "0.0002" in capsys.readouterr().out


def test_an_unknown_price_is_printed_as_unknown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("aws-azure-gcp", "gcp-gcp-gcp") + "regions: {gcp: us-east1}\n")
    assert main(["cost", "bill", str(file)]) == 0
    out = capsys.readouterr().out
    assert "incomplete: $" in out.splitlines()[-1]
    assert main(["cost", "layouts", str(file), "--csv"]) == 0
    assert capsys.readouterr().out.count("unknown") >= 9


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("layout: aws-aws", ["scenario.yaml: layout", "'aws-aws'", "HOT-COLD-ARCHIVE"]),
        (
            "regions: {aws: mars}",
            ["scenario.yaml: prices of aws: region: 'mars' is not in the price book", "us-east-1"],
        ),
        ("regions: {ibm: x}", ["regions", "'ibm' is not a provider"]),
        ("regions: aws", ["regions", "'aws' is not allowed"]),
        ("compression: brotli", ["compression", "'brotli'", "none, gzip, zstd"]),
        ("compression: gzip", ["compression", "gzip without its ratio", "at_rest_ratio"]),
        ("sample: nothing.jsonl", ["nothing.jsonl", "cannot be read"]),
        ("budget_usd: -3", ["budget_usd", "-3", "0 or more"]),
        ("chunk_byts: 3", ["chunk_byts", "did you mean chunk_bytes?"]),
        ("prices: none.yaml", ["none.yaml", "cannot be read"]),
        ("hot_reads_per_device_per_day: -1", ["scenario.yaml: workload", "hot_reads_per_device_per_day = -1"]),
    ],
    ids=lambda value: value.partition(":")[0] if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named_with_file_key_value_and_what_is_allowed(
    file: Path, line: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD.replace("layout: aws-azure-gcp\n", "") + line + "\n")
    assert main(["cost", "bill", str(file)]) == 1
    err = capsys.readouterr().err
    assert all(word in err for word in words), err


def test_a_notebooks_other_parameters_are_passed_over(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD + 'twin: "x"\nresult_path: ""\nas_of: ""\n')
    assert main(["cost", "bill", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total_usd"] != "incomplete"


def test_everything_that_is_exported_is_there_and_no_module_has_an_exports_name() -> None:
    assert l3kit.cost is cost
    for name in cost.__all__:
        assert getattr(cost, name) is not None
    modules = {path.stem for path in Path(cost.__file__).parent.glob("*.py")}
    assert not modules & set(cost.__all__)


def test_the_page_explains_every_key_and_its_example_loads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "cost.md").read_text("utf-8")
    for name in (*KEYS, *cost.Workload.__dataclass_fields__):
        assert f"`{name}`" in page, name
    example = page.split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "example.yaml"
    path.write_text(example)
    scenario = load_scenario(path, folder=Path(__file__).parents[3])
    scenario.check_budget()

"""Contact pressure is written once and gives equal answers on pandas, polars and Spark."""

import os
import shutil
import sys

import narwhals as nw
import polars as pl
import pytest

from bulkmail import engagement
from bulkmail.sample import worlds


@pytest.fixture(scope="module")
def spark():
    if not shutil.which("java"):
        required = os.environ.get("BULKMAIL_TESTS_REQUIRE_ALL") == "1"
        (pytest.fail if required else pytest.skip)("no Java on this machine: apt-get install openjdk-17-jre-headless")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "2"}
    here = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    more = {"spark.sql.session.timeZone": "UTC"}
    session = SparkSession.builder.master("local[2]").config(map=quiet | here | more).getOrCreate()
    yield session
    session.stop()


def counts(table):
    rows = nw.from_native(table).select("person", "campaign", "n7", "n28").to_pandas()
    return rows.sort_values(["person", "campaign"]).astype({"n7": int, "n28": int}).values.tolist()


@pytest.mark.timeout(400)
def test_pressure_is_equal_on_pandas_polars_and_spark(spark, tmp_path):
    world = worlds.live(worlds.a_world(seed=2, people=120), weeks=10)
    letters = worlds.letters(world)[["campaign", "department", "person", "sent_at"]]
    letters.to_parquet(tmp_path / "letters.parquet")
    on_pandas = counts(engagement.pressure(letters))
    assert max(row[2] for row in on_pandas) >= 3
    assert counts(engagement.pressure(pl.from_pandas(letters))) == on_pandas
    frame = spark.read.parquet(str(tmp_path / "letters.parquet"))
    on_spark = engagement.pressure(frame).select("person", "campaign", "n7", "n28").collect()
    assert sorted([list(row) for row in on_spark]) == sorted(on_pandas)

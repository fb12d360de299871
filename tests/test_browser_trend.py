"""The trend in a real browser: the chart's legend names the control limits only where there are some."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.moments import in_shanghai
from triage.store.sql import block

pytestmark = pytest.mark.browser
COUNTED = block("""
    INSERT INTO figures (measure, unit_code, dimension, value, day_on, n, met, amount)
    VALUES ('due.customer.accept', '3301', '+', '', :day_on, :n, :met, 0)""")
DRAWN = "echarts.getInstanceByDom(document.querySelector('figure .canvas')).getOption().series.map((one) => one.name)"


@pytest.mark.parametrize(
    ("counts", "legend", "says"),
    [
        pytest.param([(3, 2)] * 5, ["比率"], "每日不足 15 件，不画控制限", id="too few"),
        pytest.param([(3, 3)] * 5, ["比率"], "没有起伏可判断，不画控制限", id="all in time"),
        pytest.param([(60, 40)] * 5, ["比率", "中心线", "下限", "上限"], "", id="enough"),
        pytest.param([(60, 40), (3, 2), (3, 2), (3, 2), (3, 2)], ["比率", "中心线", "下限", "上限"], "多数点不够", id="one day has enough"),
    ],
)
def test_the_legend_names_the_limits_only_where_there_are_some(served, served_store, page, sign_in, counts, legend, says):
    first = in_shanghai(datetime.now(UTC)).date() - timedelta(days=9)
    with served_store.writing():
        for place, (n, met) in enumerate(counts):
            served_store.run(COUNTED, day_on=first + timedelta(days=place), n=n, met=met)
    sign_in(page, "auditor")
    page.goto(f"{served.address}/board/trend?since={first}&until={first + timedelta(days=4)}&step=accept&unit=3301")
    page.wait_for_function("window.echarts && echarts.getInstanceByDom(document.querySelector('figure .canvas'))")
    assert page.evaluate(DRAWN) == legend
    assert says in page.inner_text("#trend ~ .note") if says else not page.query_selector("#trend ~ .note")
    heads = [one for one in page.locator("figure thead th").all_inner_texts() if one in ("中心线", "下限", "上限")]
    assert heads == legend[1:]

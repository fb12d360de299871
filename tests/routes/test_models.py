"""The page of the models: what is shown of them, and how one is put into use, refused, overruled and rolled back."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from classifier.model import ModelFiles
from classifier.registry import current_version, history, models_dir
from classifier.training import train
from tests.classifier.kept import answers, keep, model
from tests.classifier.samples import made_up_corpus

CODES = {"meter": "business.metering.device", "outage": "outage.fault.single", "bill": "business.tariff.bill"}
WORSE, BETTER = answers(70), answers(90)


@pytest.fixture(scope="module")
def trained() -> ModelFiles:
    """A small model whose topics are those of the trade."""
    corpus = made_up_corpus()
    return train(replace(corpus, labels={**corpus.labels, "topic": tuple(CODES[label] for label in corpus.labels["topic"])}))


@pytest.fixture
def make(trained: ModelFiles) -> Callable[..., ModelFiles]:
    return partial(model, trained)


@pytest.fixture
def instance(app):
    """Where the application's models are."""
    return app.extensions["triage"].models.instance


@pytest.fixture
def admin(client_as):
    return client_as("admin")


def promote(client, version, **fields):
    return client.post(f"/admin/models/{version}/promote", data={"metric": "decision", **fields})


def test_without_models_the_page_says_how_to_make_one(admin):
    assert "flask train" in admin.get("/admin/models").text
    assert "/admin/models" in admin.get("/admin").text


def test_the_list_has_scores_gate_and_the_one_in_use(admin, instance, make):
    keep(instance, make("m-a"), make("m-b"), in_use="m-a")
    (models_dir(instance) / "m-b" / "manifest.json").write_text("{}", encoding="utf-8")
    page = admin.get("/admin/models").text
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    (in_use,) = [row for row in rows if "在用" in row]
    assert ">m-a</a>" in in_use
    assert "快速" in in_use
    assert re.search(r"\d+\.\d%", in_use)
    assert any(">m-b</a>" in row and "不能使用" in row for row in rows)
    assert "退回 m-" not in page


def test_a_model_is_shown_with_its_labels_confusions_and_calibration(admin, instance, make):
    keep(instance, make("m-a"), in_use="m-a")
    page = admin.get("/admin/models/m-a").text
    for part in ("故障停电", "工单", "总答最多的一类", "混淆", "校准曲线", "语料 SHA-256", "自动派单门槛"):
        assert part in page
    assert "启用</button>" not in page
    assert admin.get("/admin/models/m-a?way=none").status_code == 200


def test_a_candidate_is_held_against_the_model_in_use(admin, instance, make):
    keep(instance, make("m-a"), make("m-b", topic=BETTER, demand_type=WORSE), in_use="m-a")
    page = admin.get("/admin/models/m-b").text
    assert "与在用的 m-a 相比" in page
    assert "+10.0" in page
    assert "现在启用会被拒绝：“诉求类型”变差，超出偶然波动：80.0% → 70.0%" in page


def test_a_model_whose_files_were_changed_says_so(admin, instance, make):
    keep(instance, make("m-a"))
    (models_dir(instance) / "m-a" / "words.txt").write_text("x", encoding="utf-8")
    assert "changed since training" in admin.get("/admin/models/m-a").text
    (models_dir(instance) / "m-a" / "manifest.json").write_text("{}", encoding="utf-8")
    assert "不能使用" in admin.get("/admin/models/m-a").text
    refused = promote(admin, "m-a")
    assert refused.status_code == 409
    assert "不能启用；请重新训练" in refused.text


def test_a_better_candidate_comes_into_use_and_the_history_is_on_the_page(admin, instance, make):
    keep(instance, make("m-a"), make("m-b", decision=BETTER), in_use="m-a")
    assert promote(admin, "m-b").location == "/admin/models"
    assert current_version(instance) == "m-b"
    page = admin.get("/admin/models").text
    assert "启用 m-b，此前为 m-a，指标：派单决定" in page
    assert "100 条保留样本" in page
    assert history(instance)[-1].by == "admin"


REFUSED = {
    "worse": ({"topic": WORSE, "decision": BETTER}, "decision", "“主题”变差，超出偶然波动：80.0% → 70.0%，相差 -10.0 个百分点"),
    "not better": ({}, "topic", "所选指标“主题”没有变好：80.0% → 80.0%"),
    "few texts": ({"first": 90}, "decision", "共有的保留样本只有 10 条，不足 30 条"),
    "no such metric": ({}, "<b>", "没有“&lt;b&gt;”这个指标"),
}


@pytest.mark.parametrize(("made", "metric", "message"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_said_in_chinese_with_the_figures(admin, instance, make, made, metric, message):
    keep(instance, make("m-a"), make("m-b", **made), in_use="m-a")
    answer = promote(admin, "m-b", metric=metric)
    assert answer.status_code == 409
    assert "m-b 还不能取代在用的 m-a" in answer.text
    assert message in answer.text
    assert current_version(instance) == "m-a"


def test_figures_are_overruled_only_with_a_reason_that_is_kept(admin, instance, make):
    keep(instance, make("m-a"), make("m-b", topic=WORSE), in_use="m-a")
    for reason, message in ((" ", "理由：必填"), ("因" * 201, "最多 200 字")):
        answer = promote(admin, "m-b", overrule="1", reason=reason)
        assert answer.status_code == 422
        assert message in answer.text
    # A reason without the tick of the second form overrules nothing.
    assert promote(admin, "m-b", reason="旧模型不认识新主题").status_code == 409
    assert promote(admin, "m-b", overrule="1", reason="旧模型不认识新主题").status_code == 303
    assert "理由：旧模型不认识新主题" in admin.get("/admin/models").text


def test_rolling_back_names_where_to_and_a_second_press_of_the_same_button_changes_nothing(admin, instance, make):
    keep(instance, make("m-a"), make("m-b"), make("m-c"), in_use="m-a")
    for version in ("m-b", "m-c"):
        promote(admin, version, overrule="1", reason="试运行")
    assert "退回 m-b</button>" in admin.get("/admin/models").text
    answers_of_two = [admin.post("/admin/models/rollback", data={"seen": "m-c", "reason": "退单多"}) for _ in range(2)]
    assert [answer.status_code for answer in answers_of_two] == [303, 412]
    assert "刚被他人更换" in answers_of_two[1].text
    assert current_version(instance) == "m-b"
    assert "退回 m-b，此前为 m-c" in admin.get("/admin/models").text


def test_rolling_back_needs_a_model_before_and_a_short_reason(admin, instance, make):
    keep(instance, make("m-a"), in_use="m-a")
    assert admin.post("/admin/models/rollback", data={"seen": "m-a"}).status_code == 409
    assert admin.post("/admin/models/rollback", data={"seen": "m-a", "reason": "长" * 201}).status_code == 422


def test_a_model_that_is_not_there_is_said_on_a_page(admin):
    assert admin.get("/admin/models/m-x").status_code == 404
    assert promote(admin, "m-x").status_code == 404
    assert promote(admin, "..").status_code == 404


WRITES = ("/admin/models/m-b/promote", "/admin/models/rollback")


@pytest.mark.parametrize("username", ["agent", "dispatcher", "repair", "leader", "auditor"])
def test_only_administrators_see_and_change_models(client_as, instance, make, username):
    keep(instance, make("m-a"), make("m-b", decision=BETTER), in_use="m-a")
    client = client_as(username)
    assert [client.post(path, data={"seen": "m-a"}).status_code for path in WRITES] == [403, 403]
    assert client.get("/admin/models/m-a").status_code == 403
    assert current_version(instance) == "m-a"


@pytest.mark.parametrize("path", WRITES)
def test_a_change_without_the_form_s_token_is_refused(app, admin, instance, make, path):
    keep(instance, make("m-a"), make("m-b", decision=BETTER), in_use="m-a")
    app.config["WTF_CSRF_ENABLED"] = True
    assert admin.post(path, data={"seen": "m-a"}).status_code == 400
    assert current_version(instance) == "m-a"


@pytest.mark.parametrize("path", ["/admin/models", "/admin/models/m-b"])
def test_the_pages_carry_no_script_or_style_of_their_own_and_no_id_twice(admin, instance, make, path):
    keep(instance, make("m-a"), make("m-b"), in_use="m-a")
    promote(admin, "m-b", overrule="1", reason="<script>alert(1)</script>")
    promote(admin, "m-a", overrule="1", reason="回来")
    page = admin.get(path).text
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", page) == []
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
